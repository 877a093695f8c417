/** @file The maps of a table: made one after the other, kept, and dropped when nobody wants them any more. */
import { signal, type Signal } from '@preact/signals';
import type { MethodName, PaletteName } from 'ganscope/explain';
import type { Picture } from 'ganscope/inference';
import type { Engine } from '../engine/calls.js';
import type { Proof } from '../engine/explanations.js';
import type { ExplainedMap } from '../engine/maps.js';
import type { Slot } from '../engine/networks.js';
import type { NamedPicture } from '../state/pictures.js';

/** A row of the table: a picture, at a layer of a network. */
export interface Row {
  key: string;
  title: string;
  picture: NamedPicture;
  slot: Slot;
  layer: string;
}

/** What a cell of the table holds. */
export interface Cell {
  map?: ExplainedMap;
  problem?: string;
}

/** What the network sees of a picture, and its scores. */
export type Seen = Awaited<ReturnType<Engine['view']>>;

/** How the maps of a table are made. */
export interface Wanted {
  rows: readonly Row[];
  methods: readonly MethodName[];
  target: string;
  palette: PaletteName;
  proof: boolean;
}

/** What was made, of the same networks. */
export class Work {
  readonly #cells = new Map<string, Signal<Cell | undefined>>();
  readonly #seen = new Map<string, Signal<Seen | string | undefined>>();
  readonly #proofs = new Map<string, Signal<Proof | undefined>>();
  #turn = 0;

  constructor(readonly engine: Engine) {}

  /** The cell of a row and a method. */
  cell(row: Row, method: string, wanted: Wanted): Signal<Cell | undefined> {
    return kept(this.#cells, cellKey(row, method, wanted));
  }

  /** What the network sees of a row's picture; or why it cannot be read. */
  seen(row: Row): Signal<Seen | string | undefined> {
    return kept(this.#seen, `${row.slot} ${row.picture.id} ${row.key}`);
  }

  /** The proof of a cell. */
  proof(row: Row, method: string, wanted: Wanted): Signal<Proof | undefined> {
    return kept(this.#proofs, cellKey(row, method, wanted));
  }

  /** Ends what is being made. */
  stop(): void {
    this.#turn++;
  }

  /** Makes what is missing, row by row. @param told called with what is being done */
  async make(wanted: Wanted, told: (text: string) => void): Promise<void> {
    const turn = ++this.#turn;
    const isCurrent = () => turn === this.#turn;
    let done = 0;
    const total = wanted.rows.length * wanted.methods.length;
    for (const row of wanted.rows) {
      const picture = await this.#picture(row);
      if (!isCurrent()) return;
      for (const method of wanted.methods) {
        if (picture) await this.#fill(row, picture, method, wanted);
        if (!isCurrent()) return;
        told(`${++done} of ${total} maps`);
      }
    }
    if (!wanted.proof) return;
    for (const row of wanted.rows) {
      for (const method of wanted.methods) {
        const proof = this.proof(row, method, wanted);
        if (proof.peek() || !this.cell(row, method, wanted).peek()?.map) continue;
        told('Removing pixels…');
        const found = await this.engine.deletion({
          ...request(row, method, wanted),
          picture: await row.picture.picture(),
        });
        if (!isCurrent()) return;
        proof.value = found;
      }
    }
    told(`${total} maps proven`);
  }

  /** The row's picture, once it is decoded and the network has seen it. */
  async #picture(row: Row): Promise<Picture | undefined> {
    const seen = this.seen(row);
    try {
      const picture = await row.picture.picture();
      if (typeof seen.peek() !== 'object') seen.value = await this.engine.view(picture, row.slot);
      return picture;
    } catch (error) {
      seen.value = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  }

  async #fill(row: Row, picture: Picture, method: MethodName, wanted: Wanted): Promise<void> {
    const cell = this.cell(row, method, wanted);
    if (cell.peek()?.map) return;
    try {
      cell.value = { map: await this.engine.map({ ...request(row, method, wanted), picture }) };
    } catch (error) {
      cell.value = { problem: error instanceof Error ? error.message : String(error) };
    }
  }
}

function request(row: Row, method: MethodName, { target, palette }: Wanted) {
  return { slot: row.slot, layer: row.layer, method, target, palette };
}

function cellKey(row: Row, method: string, { target, palette }: Wanted): string {
  // Signed palettes show another map; the others differ in colours only.
  return [row.key, row.picture.id, row.slot, row.layer, method, target, palette === 'diverging'].join(' ');
}

function kept<T>(map: Map<string, Signal<T | undefined>>, key: string): Signal<T | undefined> {
  const found = map.get(key) ?? signal<T | undefined>(undefined);
  map.set(key, found);
  return found;
}
