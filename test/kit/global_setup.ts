// Builds the worker's text once before any test, so that tests always run the sources as they are.
import { buildWorkerText } from '../../scripts/worker_text.mjs';

export async function setup(): Promise<void> {
  await buildWorkerText();
}
