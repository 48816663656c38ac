// Runs one client as a process of its own and measures it from outside, the same way for every language.
import { spawn } from 'node:child_process';

// bash's own `time` gives user and system seconds of the child, so that no other tool is needed.
const TIMED = 'exec 9>&2; TIMEFORMAT="%R %U %S"; { time "$@" 2>&9; } 2>&3';

/**
 * Runs `command` to its end. Gives what it wrote on standard output, its seconds of wall and processor time, and the
 * object of its "RESULT {...}" line. Rejects with its standard error when it fails or outlives `timeoutMs`.
 */
export function runClient(command, args, { timeoutMs = 300_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', TIMED, 'timed', command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const texts = ['', '', '', ''];
    for (const at of [1, 2, 3]) child.stdio[at].setEncoding('utf8').on('data', (text) => (texts[at] += text));
    let late = false;
    const killer = setTimeout(() => {
      late = true;
      process.kill(-child.pid, 'SIGKILL');
    }, timeoutMs);
    const onExit = () => process.kill(-child.pid, 'SIGKILL');
    process.once('exit', onExit);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(killer);
      process.removeListener('exit', onExit);
      const line = /^RESULT (.*)$/m.exec(texts[1])?.[1];
      const [wall, user, system] = texts[3].trim().split(/\s+/).map(Number);
      if (code === 0)
        resolve({
          output: texts[1] + texts[2],
          cpuSeconds: user + system,
          wallSeconds: wall,
          result: line && JSON.parse(line),
        });
      else
        reject(
          new Error(
            `${command} ${args.join(' ')}: ${late ? 'timed out' : `ended with ${code}`}\n${texts[1]}${texts[2]}`,
          ),
        );
    });
  });
}
