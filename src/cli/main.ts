import 'reflect-metadata';
import { CommanderError } from 'commander';
import { newProgram } from './program.js';
import { USAGE_EXIT_CODE } from './usage-error.js';

try {
  await newProgram().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Help and version that were asked for are no errors.
  process.exitCode = error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
}
