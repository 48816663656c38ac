// Runs a program (its command line is given here) as a shell would: a line for it to read, SIGTERM when it has said so, and
// its exit code, which is to be 5.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, [...args, 'an', 'argument'], { stdio: ['pipe', 'pipe', 'inherit'] });
const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
child.stdin.on('error', () => {});
child.stdin.end('a line\n');
let out = '';
child.stdout.setEncoding('utf8').on('data', (piece) => {
  out += piece;
  if (piece.includes('>')) child.kill('SIGTERM');
});
const [code, signal] = await once(child, 'close');
clearTimeout(late);
assert.match(out, /^<(a line|async)> an argument\nSIGTERM\n$/);
assert.equal(code ?? signal, 5);
