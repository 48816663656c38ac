// @platformatic/kafka from the npm registry, and the Node that it needs: not devDependencies, for Node 20 does not run it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const VERSION = '2.12.1';
const NODE = '24.21.0';

/** By its `engines`: 22.22 or newer, 24.6 or newer. */
function runsHere() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return (major === 22 && minor >= 22) || (major === 24 && minor >= 6) || major > 24;
}

/**
 * Fetches both into a temporary folder that goes with this process; no install script is run. Gives the path of the module,
 * the node to run it with, and versions; null, and says why, when they cannot be had.
 */
export function fetchPlatformatic(say) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-platformatic-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const nodePackage = `node-${process.platform}-${process.arch}`;
  const wanted = [`@platformatic/kafka@${VERSION}`, ...(runsHere() ? [] : [`${nodePackage}@${NODE}`])];
  say(`fetching ${wanted.join(' and ')} from the npm registry into ${folder}`);
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...wanted];
  const { status, stderr, error } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) {
    say(`@platformatic/kafka is left out: ${error?.message ?? stderr.trim()}`);
    return null;
  }
  return {
    version: VERSION,
    library: join(folder, 'node_modules/@platformatic/kafka/dist/index.js'),
    node: runsHere() ? process.execPath : join(folder, 'node_modules', nodePackage, 'bin/node'),
    nodeVersion: runsHere() ? process.versions.node : NODE,
    otherNode: !runsHere(),
  };
}
