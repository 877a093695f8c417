/** @file What a network's scores are: in words, and as targets to choose from. */
import type { Explainer } from 'ganscope/explain';

type Head = Pick<Explainer['head'], 'kind' | 'classes' | 'verdict' | 'binary'>;

/** What the network is, to put before its name. */
export function headName({ kind, classes, verdict }: Head): string {
  if (verdict) return 'Discriminator';
  if (kind === 'boxes') return `Detector of ${classes} ${classes === 1 ? 'class' : 'classes'}`;
  if (kind === 'classifier') return `Classifier of ${classes} classes`;
  const scores = classes === 1 ? 'one score' : `${classes} classes`;
  return `Network with ${scores}${kind === 'dense' ? ' per position' : ''}`;
}

/** The targets of the network with their names, its default first: `''` leaves the choice to the library. */
export function headTargets(
  { kind, classes, verdict, binary }: Head,
  labels?: readonly string[],
): (readonly [value: string, text: string])[] {
  const verdicts = ['fake', 'real'].map((name) => [name, name] as const);
  if (verdict) return verdicts;
  const first = kind === 'boxes' ? 'best box' : classes > 1 ? 'top class' : 'score';
  const count = binary ? 2 : classes > 1 ? classes : 0;
  const numbers = Array.from(
    { length: count },
    (_, i) => [`${i}`, labels?.[i] ? `${i} ${labels[i]}` : `class ${i}`] as const,
  );
  return [['', first], ...numbers, ...(kind === 'single' ? verdicts : [])];
}
