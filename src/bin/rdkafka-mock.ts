#!/usr/bin/env node
// The command `rdkafka-mock`: an alias of `rdkafka-ts mock`. @thread app
import { runCommand } from './command.ts';

process.exitCode = await runCommand('rdkafka-mock', ['mock', ...process.argv.slice(2)]);
