// Runs a stress model: bundles it from TypeScript as it is, starts it in a worker, hands back its counts.
// STRESS_SECONDS makes it long (`npm run stress`), STRESS_SEED repeats the choices of a run that failed.
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { bundled } from '../bundle.ts';
import type { Counts } from './kit.ts';

export interface ModelResult {
  readonly counts: Counts;
  /** Seed, counts and the first problems: the message of every assertion about the run. */
  readonly text: string;
}

const SHORT_SECONDS = 2;

/** How long one model runs. */
export function stressSeconds(): number {
  return Number(process.env['STRESS_SECONDS'] ?? SHORT_SECONDS);
}

export async function runModel(name: string, options: Readonly<Record<string, number>> = {}): Promise<ModelResult> {
  const text = await bundled(new URL(`./${name}.ts`, import.meta.url), { __BUILD_HASH__: '"stress"' });
  const seed = Number(process.env['STRESS_SEED'] ?? (Math.random() * 0x7fffffff) | 0);
  const { port1, port2 } = new MessageChannel();
  const start = { role: 'app', text, seed, seconds: stressSeconds(), options, port: port2 };
  const worker = new Worker(text, { eval: true, workerData: start, transferList: [port2] });
  try {
    const { counts, texts } = await new Promise<{ counts: Counts; texts: string[] }>((resolve, reject) => {
      port1.on('message', resolve);
      worker.on('error', (error) => reject(new Error(`${name}, STRESS_SEED=${seed}: ${error.stack ?? error}`)));
      // Its end may be heard before its last word.
      worker.on('exit', () => {
        const last = receiveMessageOnPort(port1);
        if (last !== undefined) resolve(last.message);
        else setImmediate(() => reject(new Error(`${name}, STRESS_SEED=${seed}: ended early`)));
      });
    });
    const shown = Object.entries(counts).map(([key, value]) => `${key} ${value}`);
    const report = `${name}, STRESS_SEED=${seed}: ${shown.join(', ')}\n${texts.join('\n')}`;
    if (process.env['STRESS_SHOW'] !== undefined) console.log(report);
    return { counts, text: report };
  } finally {
    port1.close();
    await worker.terminate();
  }
}
