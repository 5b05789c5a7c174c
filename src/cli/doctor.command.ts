import { type Command } from 'commander';
export function defineDoctor(program: Command): void {
  program.command('doctor');
}
