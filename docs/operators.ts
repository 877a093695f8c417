/** @file OPS.md: which operators are read and differentiated, from the tables that do it and the networks that are compared. */
import { exportedNetworks, golden, goldenPath, type ExportedInfo } from '../fixtures/golden.js';
import { oneHot, zeroGradient, type GradientRule, type Refusal } from '../onnx/gradient/rules/rule.js';
import { straightThroughRules } from '../onnx/gradient/rules/quantization.js';
import { subgraphRules } from '../onnx/gradient/rules/expanded.js';
import { gradientRules, ruleFamilies } from '../onnx/gradient/table.js';
import { loadModel } from '../onnx/files/load.node.js';
import { NEWEST_OPSET } from '../onnx/upgrade/conversion.js';
import { contributedOperators, expansions, forms, refusals, type Form } from '../onnx/upgrade/table.js';
import { upgradedModel } from '../onnx/upgrade/upgrade.js';

const HEADER = ['Operator', 'Opsets', 'Gradient', 'Checked by', 'Networks'];

/** The text of OPS.md. */
export async function operatorReference(): Promise<string> {
  const networks = await goldenOperators();
  const rules: Readonly<Record<string, GradientRule>> = gradientRules;
  const rows = [...new Set([...Object.keys(rules), ...Object.keys(forms), ...Object.keys(expansions)])]
    .toSorted()
    .map((op) => {
      const uses = networks.filter((operators) => operators.has(op)).length;
      return [op, opsets(op), gradient(op, rules[op]), check(op, rules[op]), uses > 0 ? String(uses) : ''];
    });
  return `# Operators

Models of ai.onnx opset 1…${NEWEST_OPSET} are read and brought to opset 17; operators of other domains are kept, and not
differentiated, but for these of com.microsoft, which are read as others:
${Object.keys(contributedOperators).join(', ')}.
Made by \`npm run ops\` from the tables in [onnx/upgrade/table.ts](onnx/upgrade/table.ts), [onnx/shapes/table.ts](onnx/shapes/table.ts)
and [onnx/gradient/table.ts](onnx/gradient/table.ts).

- **Opsets**: \`all\` that have the operator; those that are rewritten to the form of opset 17, or as other operators.
- **Gradient**: \`straight-through\` counts rounding as the identity and is zero where integers are clipped; \`zero\` where small changes of the inputs change nothing; that of OneHot by its values is an error; that of RoiAlign is zero towards
  the regions, as in torchvision; \`none\` is an error that names the node, and the
  nearest layer after it.
- **Checked by**: \`differences\` are central finite differences over shapes and attributes, of the gradient and of the gradient's
  gradient, in the test of that name under onnx/gradient, and \`numbers\` known ones; \`shapes\` and \`outputs\` are compared with ONNX Runtime's.
- **Networks**: in how many of ${networks.length} files by the exporters of PyTorch and TensorFlow the operator is
  ([fixtures/golden](fixtures/README.md)); their gradients and class activation maps are compared with those of these.

${table([HEADER, ...rows])}

Not read: ${Object.keys(refusals)
    .toSorted()
    .map((op) => `${op} (${ranges(refusals[op] ?? [])})`)
    .join(', ')}.
`;
}

/** The operators of each golden network, as its file has them and after reading. */
async function goldenOperators(): Promise<Set<string>[]> {
  const files = exportedNetworks.flatMap((network) =>
    Object.keys(golden<ExportedInfo>(network).info.values).map((exporter) => `${network}-${exporter}.onnx`),
  );
  const models = await Promise.all(files.map((file) => loadModel(goldenPath(file))));
  return models.map((model) => {
    const nodes = [...model.graph.nodes, ...upgradedModel(model).graph.nodes];
    return new Set(nodes.map(({ op }) => op));
  });
}

function opsets(op: string): string {
  if (expansions[op]) return `${ranges(expansions[op])}, as others`;
  return forms[op] ? `all; ${ranges(forms[op])} rewritten` : 'all';
}

const ranges = (list: readonly Form[]) =>
  list.map(([first, last]) => (first === last ? String(first) : `${first}–${last}`)).join(', ');

function gradient(op: string, rule: GradientRule | undefined): string {
  if (expansions[op]) return 'of what it becomes';
  if (rule === zeroGradient || rule === oneHot) return 'zero';
  if (Object.hasOwn(straightThroughRules, op)) return 'straight-through';
  return rule && !('reason' in rule) ? 'yes' : `none${rule ? `: ${(rule as Refusal).reason}` : ''}`;
}

function check(op: string, rule: GradientRule | undefined): string {
  const family = Object.entries(ruleFamilies).find(([, rules]) => Object.hasOwn(rules, op));
  if (Object.hasOwn(subgraphRules, op)) return 'numbers (subgraphs)';
  if (family) return `differences (${family[0]}), shapes`;
  return rule ? 'shapes' : 'outputs';
}

/** A Markdown table with aligned columns. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const [header = [], ...rest] = rows;
  return [line(header), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest.map(line)].join('\n');
}
