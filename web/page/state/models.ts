/** @file The networks in use: those of the page, those of a run, or files of the user. */
import { computed, effect, signal } from '@preact/signals';
import type { RunInfo } from '../../server/runs.node.js';
import type { Engine } from '../engine/calls.js';
import type { Classes, ExplainerInfo, GeneratorInfo, Labels, Slot, Source } from '../engine/networks.js';
import type { Address } from './address.js';
import type { Notices } from './notices.js';
import { addressOf, knownRuns, newestCheckpoint, type Role } from './served.js';

/** An open network. */
export interface Opened<Info> {
  /** Its file. */
  name: string;
  info: Info;
  /** Whether the user brought the file. */
  isOwn?: boolean;
  /** The checkpoint that it was exported of, where the run has no exported networks. */
  checkpoint?: string | undefined;
}

const MAX_FILE_BYTES = 2 ** 31 - 1;
const SLOTS: readonly Slot[] = ['main', 'other'];

/** Opens networks, one after the other. */
export class Models {
  /** The runs on disk; empty if the page is not served by gan-studio. */
  readonly runs = signal<readonly RunInfo[]>([]);
  readonly generator = signal<Opened<GeneratorInfo> | undefined>(undefined);
  readonly explainer = signal<Opened<ExplainerInfo> | undefined>(undefined);
  /** The network whose maps are compared with those of `explainer`. */
  readonly other = signal<Opened<ExplainerInfo> | undefined>(undefined);
  readonly isLoading = signal(false);
  /** Whether the networks have to be opened again (`reopen`). */
  readonly isLost = signal(false);
  /** The run that is shown where the address names none: it stays the same when runs come and go. */
  readonly #first = signal('');
  #turn: Promise<void> = Promise.resolve();
  #latest = 0;

  constructor(
    readonly engine: Engine,
    readonly address: Address,
    readonly notices: Notices,
  ) {
    effect(() => {
      const label = this.address.get('class');
      void this.#askAbout(label);
    });
  }

  /** Finds the runs, opens what the address says, and follows it. */
  async start(): Promise<void> {
    const device = this.address.get('device');
    if (device === 'webgpu' || device === 'wasm') await this.engine.useDevice(device);
    await this.refreshRuns();
    this.#first.value = this.runs.peek()[0]?.name ?? '';
    const run = computed(() => this.run);
    effect(() => void this.#openRun(run.value));
  }

  /** The run whose networks are shown; empty for the page's own. */
  get run(): string {
    const named = this.address.get('run', this.#first.value);
    return named === '-' ? '' : named;
  }

  /** Shows the networks of a run; an empty name shows the page's own. */
  choose(run: string): void {
    this.address.change({ run: run === this.#first.peek() ? '' : run || '-', layer: '', target: '', class: '' });
  }

  /** Chooses the class of conditional networks. */
  chooseClass(number: number): void {
    this.address.change({ class: number === 0 ? '' : String(number) });
  }

  /** Looks for runs on disk. */
  async refreshRuns(): Promise<void> {
    const found = await knownRuns();
    // Where the server does not answer, what was known of them stays.
    if (found && JSON.stringify(found) !== JSON.stringify(this.runs.peek())) this.runs.value = found;
  }

  /** Opens files of the user one after the other, each for what it is unless a role is named. */
  openFiles(files: readonly File[], role?: 'generator' | 'explainer', slot: Slot = 'main'): Promise<void> {
    return this.#inTurn(async () => {
      const problems: string[] = [];
      for (const file of files) {
        await this.#openFile(file, role, slot).catch((error: Error) => problems.push(error.message));
      }
      this.#tellOf(problems);
    });
  }

  /** Opens networks at URLs, where there are no runs to choose from. */
  openAt({ generator, explainer }: { generator?: Source; explainer?: Source }): Promise<void> {
    return this.#inTurn(async () => {
      if (generator) await this.#openGenerator(generator, { isOwn: true });
      if (explainer) await this.#openExplainer(explainer, 'main');
      this.#describe();
    });
  }

  /** Opens a network at a URL to compare with. */
  openOther(source: Source): Promise<void> {
    return this.#inTurn(async () => {
      await this.#openExplainer(source, 'other');
      this.#describe();
    });
  }

  /** Closes the network that is compared with. */
  closeOther(): Promise<void> {
    return this.#inTurn(async () => {
      [this.other.value, this.#explained.other] = [undefined, undefined];
      await this.engine.close('other');
    });
  }

  /** Opens the network again with names of its classes, which it keeps until another one is opened. */
  nameClasses(file: File): Promise<void> {
    return this.#inTurn(async () => {
      const source = this.#explained.main?.source;
      if (!source) throw new Error(`${file.name}: open the network first whose classes it names`);
      await this.#openExplainer(source, 'main', { name: file.name, text: await file.text() });
      this.#describe();
    });
  }

  /** The networks are gone: the worker was replaced. They can be opened again. */
  lose(reason: string): void {
    this.isLost.value = true;
    for (const network of [this.generator, this.explainer, this.other]) network.value = undefined;
    this.notices.fail('networks', new Error(`${reason}. The page is as it was; its networks have to be opened again.`));
  }

  /** Opens the networks again that were lost, with WebAssembly, which cannot be taken away. */
  reopen(): Promise<void> {
    this.address.change({ device: 'wasm' });
    this.isLost.value = false;
    return this.#inTurn(async () => {
      await this.engine.useDevice('wasm');
      await this.#openGeneratorAgain();
      for (const slot of SLOTS) await this.#openExplainerAgain(slot);
      this.#describe();
    });
  }

  /** The class that conditional networks are opened with. */
  get #label(): number {
    return Math.max(0, Math.floor(Number(this.address.get('class', '0'))) || 0);
  }

  /** Opens conditional networks again where another class was chosen. */
  async #askAbout(label: string): Promise<void> {
    const differs = (classes: Classes | undefined) => classes !== undefined && classes.chosen !== Number(label);
    const isStaleGenerator = () => differs(this.generator.peek()?.info.classes);
    const isStale = (slot: Slot) => differs(this.#in(slot).peek()?.info.asked);
    if (!isStaleGenerator() && !SLOTS.some(isStale)) return;
    await this.#inTurn(async () => {
      if (isStaleGenerator()) await this.#openGeneratorAgain();
      for (const slot of SLOTS.filter(isStale)) await this.#openExplainerAgain(slot);
    });
  }

  /** Where the open networks are from, to open them again. */
  #generated: { source: Source; origin: Origin } | undefined;
  readonly #explained: { [slot in Slot]?: { source: Source; labels: Labels | undefined } | undefined } = {};

  #in(slot: Slot) {
    return slot === 'main' ? this.explainer : this.other;
  }

  #openRun(run: string): Promise<void> {
    const turn = ++this.#latest;
    return this.#inTurn(async () => {
      if (turn !== this.#latest) return;
      // Networks of another run would not belong to this run's curves, even if its own cannot be opened.
      [this.generator.value, this.explainer.value] = [undefined, undefined];
      [this.#generated, this.#explained.main] = [undefined, undefined];
      this.isLost.value = false;
      await this.engine.close('main');
      const known = this.runs.peek().find(({ name }) => name === run);
      if (run !== '' && !known) throw new Error(`there is no run ${run} any more; choose another one`);
      // A run that still trains is shown by its newest checkpoint, which the server exports.
      const checkpoint = known && !known.exported ? await newestCheckpoint(run) : undefined;
      if (known && !known.exported && checkpoint === undefined) {
        const then = 'and no checkpoint yet: choose it again when it has one.';
        this.notices.tell('networks', `Run ${run} has no exported networks, ${then}`);
        return;
      }
      const sourceOf = (role: Role) => ({
        name: checkpoint === undefined ? `${role}.onnx` : `${role} of ${checkpoint}`,
        url: addressOf(run, role, checkpoint),
      });
      this.notices.tell('networks', 'Loading the networks…');
      const problems: string[] = [];
      const failed = (error: Error) => void problems.push(error.message);
      await this.#openGenerator(sourceOf('generator'), { checkpoint }).catch(failed);
      await this.#openExplainer(sourceOf('discriminator'), 'main').catch(failed);
      this.#tellOf(problems);
    });
  }

  async #openFile(file: File, role: 'generator' | 'explainer' | undefined, slot: Slot): Promise<void> {
    if (file.size > MAX_FILE_BYTES) throw new Error(`${file.name}: larger than 2 GiB`);
    this.notices.tell('networks', `Loading ${file.name}…`);
    const source = { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
    const own = role ?? (await this.engine.roleOf(source));
    if (own === 'generator') await this.#openGenerator(source, { isOwn: true });
    else await this.#openExplainer(source, slot);
  }

  async #openGenerator(source: Source, origin: Origin): Promise<void> {
    this.generator.value = { name: source.name, info: await this.engine.openGenerator(source, this.#label), ...origin };
    this.#generated = { source, origin };
  }

  async #openGeneratorAgain(): Promise<void> {
    if (this.#generated) await this.#openGenerator(this.#generated.source, this.#generated.origin);
  }

  async #openExplainer(source: Source, slot: Slot, labels?: Labels): Promise<void> {
    const info = await this.engine.openExplainer(source, slot, labels, this.#label);
    this.#in(slot).value = { name: source.name, info };
    this.#explained[slot] = { source, labels };
  }

  async #openExplainerAgain(slot: Slot): Promise<void> {
    const from = this.#explained[slot];
    if (from) await this.#openExplainer(from.source, slot, from.labels);
  }

  /** Says what went wrong, or else which networks are open. */
  #tellOf(problems: readonly string[]): void {
    if (problems.length > 0) this.notices.fail('networks', new Error(problems.join(' ')));
    else this.#describe();
  }

  /** Says which networks are open. */
  #describe(): void {
    const [generator, explainer] = [this.generator.peek(), this.explainer.peek()];
    const parts = [
      generator &&
        `Generator ${generator.name}: ${generator.info.width}×${generator.info.height} from ${generator.info.latentDim} numbers, on ${generator.info.device}.`,
      explainer &&
        `${explainer.info.kind} ${explainer.name}: ${explainer.info.width}×${explainer.info.height}, on ${explainer.info.device}.`,
    ];
    this.notices.tell('networks', parts.filter(Boolean).join(' '));
  }

  #inTurn(open: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn
      .then(() => {
        this.isLoading.value = true;
        return open();
      })
      .catch((error: unknown) => this.notices.fail('networks', error))
      .finally(() => {
        this.isLoading.value = false;
      });
    return this.#turn;
  }
}

/** Where a generator comes from. */
type Origin = Pick<Opened<GeneratorInfo>, 'isOwn' | 'checkpoint'>;
