// Fetches Maven artifacts with all they depend on into `.kafka/` under the repository's root, once, and gives their jars.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('../.kafka', import.meta.url));
const installed = (command, flag) => spawnSync(command, [flag], { stdio: 'ignore' }).status === 0;

function run(artifacts, folder) {
  if (!installed('java', '-version'))
    throw new Error('java is missing: install a JDK 17 or newer (Debian: apt install openjdk-17-jdk-headless)');
  if (!installed('mvn', '-version'))
    throw new Error('mvn is missing: install Apache Maven 3.6 or newer (Debian: apt install maven)');
  const rows = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':');
    if (!version) throw new Error(`an artifact is written group:name:version, not ${artifact}`);
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  const pom = `<project><modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging><dependencies>${rows.join('')}</dependencies></project>`;
  writeFileSync(join(folder, 'pom.xml'), pom);
  const args = [
    '-q',
    '-B',
    '-f',
    join(folder, 'pom.xml'),
    'dependency:copy-dependencies',
    `-DoutputDirectory=${folder}`,
  ];
  const { status, stdout, stderr } = spawnSync('mvn', [...args, '-DincludeScope=runtime'], { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`mvn could not fetch ${artifacts.join(', ')} (is Maven Central reachable?):\n${stdout}${stderr}`);
  writeFileSync(join(folder, 'complete'), `${artifacts.join('\n')}\n`);
}

/** The jars (absolute paths) of `artifacts` (group:name:version) and of what they need at run time. Blocks while Maven runs. */
export async function mavenJars(artifacts) {
  const key = createHash('sha256').update(artifacts.join(' ')).digest('hex').slice(0, 12);
  const folder = join(home, `jars-${key}`);
  if (!existsSync(join(folder, 'complete'))) {
    mkdirSync(home, { recursive: true });
    // Filled aside and renamed, so that two processes that fetch the same never see half a folder.
    const aside = mkdtempSync(join(home, 'fetch-'));
    run(artifacts, aside);
    if (!existsSync(join(folder, 'complete'))) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(aside, folder);
    } else rmSync(aside, { recursive: true });
  }
  return readdirSync(folder)
    .filter((file) => file.endsWith('.jar'))
    .sort()
    .map((file) => join(folder, file));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log((await mavenJars(process.argv.slice(2))).join(':'));
