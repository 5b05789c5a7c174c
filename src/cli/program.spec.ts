import { CommanderError } from 'commander';
import { newProgram } from './program.js';

describe('the command line', () => {
  const silent = () => {
    const program = newProgram();
    const quiet = { writeOut: () => undefined, writeErr: () => undefined };
    for (const command of [program, ...program.commands]) command.configureOutput(quiet);
    return program;
  };

  it.each(newProgram().commands.map((command) => [command.name(), command] as const))(
    'describes %s, with an example',
    (_name, command) => {
      let text = '';
      command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
      expect(command.summary()).not.toBe('');
      expect(text).toMatch(new RegExp(`Examples?:\\n  \\$ .*npx xtrace ${command.name()}`));
    },
  );

  it.each([['frobnicate'], ['doctor', '--frobnicate'], ['doctor', 'extra'], ['backup'], ['restore'], []])(
    'refuses what it does not know or lacks: %s %s',
    async (...args) => {
      const parsing = silent().parseAsync(args, { from: 'user' });
      await expect(parsing).rejects.toThrow(CommanderError);
      await expect(parsing).rejects.toMatchObject({ exitCode: 1 });
    },
  );

  it('suggests the command that was meant', async () => {
    let text = '';
    const program = newProgram().configureOutput({ writeErr: (part) => (text += part) });
    await program.parseAsync(['doctr'], { from: 'user' }).catch(() => undefined);
    expect(text).toContain("unknown command 'doctr'");
    expect(text).toContain('doctor');
  });
});
