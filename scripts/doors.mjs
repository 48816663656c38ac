// Which doors and commands the package has: those of the design whose source exists.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const has = (path) => existsSync(fileURLToPath(new URL(`../src/${path}.ts`, import.meta.url)));

export const doors = ['index', 'rdkafka', 'rdkafka_mock', 'rdkafkacpp', 'testing', 'program'].filter(has);
export const bins = ['rdkafka-ts', 'rdkafka-mock'].filter((name) => has(`bin/${name}`));
