// The same as CommonJS, as far as that differs.
import { program, signal, stdout } from 'rdkafka-ts/program';

program(__filename, async (argv: string[]): Promise<number> => {
  const stopped = new Promise<void>((resolve) => signal('SIGTERM', () => resolve()));
  const alive = setInterval(() => {}, 60_000);
  stdout.write(`<async> ${argv.slice(1).join(' ')}\n`);
  await stopped;
  stdout.write('SIGTERM\n');
  clearInterval(alive);
  return 5;
});
