// A mock cluster of ours in a process of its own, so that its processor time is not the client's.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../dist/bin/rdkafka-mock.js', import.meta.url));

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** One broker whose partitions keep 1 MiB each; `bootstrap` and `stop`. Ends with this process. */
export async function startMock() {
  const port = await freePort();
  const args = [program, '--brokers', '1', '--port', `${port}`, '--keep-mib', '1'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const onExit = () => child.kill('SIGKILL');
  process.once('exit', onExit);
  await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => line.includes('listens') && resolve());
    child.once('exit', (code) => reject(new Error(`the mock cluster ended with ${code}`)));
  });
  const stop = () =>
    new Promise((resolve) => {
      process.removeListener('exit', onExit);
      child.once('exit', resolve).kill('SIGTERM');
    });
  return { bootstrap: `127.0.0.1:${port}`, stop };
}
