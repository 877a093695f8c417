import { afterEach, describe, expect, it, vi } from 'vitest';
import { startEngine } from './client.js';

interface Asked {
  id: number;
  call: string;
}

/** Workers that are made, and what they do when they are asked. */
function workersThat(answer: (asked: Asked, worker: StubWorker) => void) {
  const made: StubWorker[] = [];
  vi.stubGlobal(
    'Worker',
    class extends StubWorker {
      constructor() {
        super(answer);
        made.push(this);
      }
    },
  );
  return made;
}

class StubWorker extends EventTarget {
  constructor(readonly answer: (asked: Asked, worker: StubWorker) => void) {
    super();
  }
  postMessage(asked: Asked): void {
    this.answer(asked, this);
  }
  tell(data: unknown): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }
  fail(message: string): void {
    this.dispatchEvent(Object.assign(new Event('error'), { message }));
  }
  terminate(): void {}
}

afterEach(() => vi.unstubAllGlobals());

describe('startEngine(onLost)', () => {
  it('replaces a worker that fails after it has answered', async () => {
    const made = workersThat(({ id, call }, worker) => {
      if (call === 'palette') worker.tell({ id, value: made.length });
    });
    const lost: string[] = [];
    const { engine } = startEngine((reason) => lost.push(reason));
    expect(await engine.palette('turbo')).toBe(1);
    const waits = engine.close();
    made[0]?.fail('out of memory');
    await expect(waits).rejects.toThrow('the worker failed (out of memory)');
    expect(await engine.palette('turbo')).toBe(2);
    made[1]?.tell({ lost: '' });
    expect(await engine.palette('turbo')).toBe(3);
    expect(lost).toEqual(['the worker failed (out of memory)', 'WebGPU was lost (the browser does not say why)']);
  });

  it('does not try again with a worker that could not be started: what is asked fails with the reason', async () => {
    const made = workersThat(() => {});
    const lost: string[] = [];
    const { engine } = startEngine((reason) => lost.push(reason));
    const waits = engine.close();
    made[0]?.fail('');
    made[0]?.fail('');
    const reason = 'the worker failed (it could not be started)';
    await expect(waits).rejects.toThrow(reason);
    await expect(engine.close()).rejects.toThrow(reason);
    expect([made.length, lost]).toEqual([1, [reason]]);
  });
});
