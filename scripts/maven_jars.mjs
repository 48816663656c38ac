// Fetches Maven artifacts with all they depend on into `.kafka/` under the repository's root, once, and gives their jars.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HOME = fileURLToPath(new URL('../.kafka', import.meta.url));
/** Rests before a fetch that failed is tried again: Maven Central refuses or hangs up now and then. */
const RESTS_MS = [2000, 10_000, 30_000];
/** A server that says nothing for so long is given up, not waited half an hour for. By both of Maven's HTTP clients. */
const PATIENCE = [
  '-Dmaven.wagon.http.connectionTimeout=20000',
  '-Dmaven.wagon.rto=60000',
  '-Daether.connector.connectTimeout=20000',
  '-Daether.connector.requestTimeout=60000',
];
/** What a fetch that was killed has left is thrown away after that. */
const STALE_MS = 3_600_000;
const installed = (command, flag) => spawnSync(command, [flag], { stdio: 'ignore' }).status === 0;

function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function pomOf(artifacts) {
  const rows = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':');
    if (!version) throw new Error(`an artifact is written group:name:version, not ${artifact}`);
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project><modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging><dependencies>${rows.join('')}</dependencies></project>`;
}

function run(artifacts, folder, restsMs) {
  if (!installed('java', '-version'))
    throw new Error('java is missing: install a JDK 17 or newer (Debian: apt install openjdk-17-jdk-headless)');
  if (!installed('mvn', '-version'))
    throw new Error('mvn is missing: install Apache Maven 3.6 or newer (Debian: apt install maven)');
  const pom = join(folder, 'pom.xml');
  writeFileSync(pom, pomOf(artifacts));
  const args = ['-q', '-B', ...PATIENCE, '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`];
  for (let failed = 0; ; ) {
    // Maven remembers what it could not get, and asks for it again only with -U.
    const again = failed > 0 ? ['-U'] : [];
    const mvn = spawnSync('mvn', [...args, ...again, '-DincludeScope=runtime'], { encoding: 'utf8' });
    if (mvn.status === 0) break;
    const said = `${mvn.error?.message ?? ''}${mvn.stdout ?? ''}${mvn.stderr ?? ''}`.trim();
    const rest = restsMs[failed++];
    if (rest === undefined)
      throw new Error(
        `mvn could not fetch ${artifacts.join(', ')}, ${failed} times in a row. Is https://repo.maven.apache.org reachable ` +
          `from here? A proxy or a mirror is named in ~/.m2/settings.xml. Its last words:\n${said}`,
      );
    console.error(`mvn could not fetch ${artifacts.join(', ')}; trying again in ${rest / 1000} s`);
    sleep(rest);
  }
  writeFileSync(join(folder, 'complete'), `${artifacts.join('\n')}\n`);
}

/** Puts a filled folder in its place, or throws it away when another process has been faster. */
function settle(aside, folder) {
  for (let turn = 0; ; turn++) {
    try {
      renameSync(aside, folder);
      return;
    } catch (error) {
      if (existsSync(join(folder, 'complete'))) {
        rmSync(aside, { recursive: true });
        return;
      }
      // What stands there was never filled. It is moved first: nobody sees it half removed.
      if (turn > 5) throw error;
      const old = `${aside}-old-${turn}`;
      renameSync(folder, old);
      rmSync(old, { recursive: true, force: true });
    }
  }
}

function removeStale(home) {
  for (const name of readdirSync(home).filter((each) => each.startsWith('fetch-'))) {
    const path = join(home, name);
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - changed > STALE_MS) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * The jars (absolute paths) of `artifacts` (group:name:version) and of what they need at run time. Blocks while Maven
 * runs. `home`: where they are kept. `restsMs`: the rests between tries; when all are used up, it throws.
 */
export async function mavenJars(artifacts, { home = HOME, restsMs = RESTS_MS } = {}) {
  const key = createHash('sha256').update(artifacts.join(' ')).digest('hex').slice(0, 12);
  const folder = join(home, `jars-${key}`);
  if (!existsSync(join(folder, 'complete'))) {
    mkdirSync(home, { recursive: true });
    removeStale(home);
    // Filled aside and renamed, so that two processes that fetch the same never see half a folder.
    const aside = mkdtempSync(join(home, 'fetch-'));
    try {
      run(artifacts, aside, restsMs);
      settle(aside, folder);
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
  }
  return readdirSync(folder)
    .filter((file) => file.endsWith('.jar'))
    .sort()
    .map((file) => join(folder, file));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log((await mavenJars(process.argv.slice(2))).join(':'));
