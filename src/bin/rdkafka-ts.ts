#!/usr/bin/env node
// The command `rdkafka-ts`: a mock cluster as a program, and the demo. @thread app
import { runCommand } from './command.ts';

process.exitCode = await runCommand('rdkafka-ts', process.argv.slice(2));
