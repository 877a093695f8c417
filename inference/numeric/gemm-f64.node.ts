/** @file Products of matrices in double precision, computed by ONNX Runtime in this thread. */
import { directSession } from '../runtime/direct-session.node.js';
import type { Session, SessionTensors } from '../runtime/session.js';
import type { ProductModels } from './gemm-f64-graphs.js';

/** A matrix [rows, columns], row-major. */
export interface Matrix {
  rows: number;
  columns: number;
  data: Float64Array;
}

/** Computes XᵀX and XBXᵀ. Dispose of it, unless its thread ends. */
export class Products {
  private constructor(
    readonly sessions: { gram: Session; congruent: Session },
    readonly check: () => void,
  ) {}

  /**
   * @param models from `productModels`; passed in so that a thread does not need to build them
   * @param check called before every product; it may throw to stop the computation
   */
  static async create(models: ProductModels, check = () => {}): Promise<Products> {
    // Spinning threads would slow down the work between products.
    const [gram, congruent] = [
      await directSession(models.gram, { spinning: 'never' }),
      await directSession(models.congruent, { spinning: 'never' }),
    ];
    return new Products({ gram, congruent }, check);
  }

  /** XᵀX [columns, columns] */
  async gram(x: Matrix): Promise<Float64Array> {
    this.check();
    return product(await this.sessions.gram.run({ x: tensor(x) }));
  }

  /** XBXᵀ [rows, rows] of a matrix B [columns, columns] */
  async congruent(x: Matrix, b: Float64Array): Promise<Float64Array> {
    this.check();
    const { columns } = x;
    return product(await this.sessions.congruent.run({ x: tensor(x), b: tensor({ rows: columns, columns, data: b }) }));
  }

  async dispose(): Promise<void> {
    await this.sessions.gram.release();
    await this.sessions.congruent.release();
  }
}

const tensor = ({ rows, columns, data }: Matrix) => ({ type: 'float64' as const, data, dims: [rows, columns] });
const product = (results: SessionTensors) => results['product']?.data as Float64Array;
