import { type Command, CommanderError } from 'commander';
import { newProgram } from './program.js';

describe('the command line', () => {
  const silent = () => {
    const program = newProgram();
    const quiet = { writeOut: () => undefined, writeErr: () => undefined };
    for (const command of [program, ...program.commands]) command.configureOutput(quiet);
    return program;
  };

  const described = (program: Command, path = ''): (readonly [string, Command])[] =>
    program.commands.flatMap((command) => {
      const name = `${path}${command.name()}`;
      return [[name, command] as const, ...described(command, `${name} `)];
    });

  it.each(described(newProgram()))('describes %s in whole paragraphs, with an example', (name, command) => {
    let text = '';
    command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
    expect(command.summary()).not.toBe('');
    // The terminal breaks lines: breaks of our own would stand in the middle of them.
    expect(command.description()).toMatch(/^[^\n]+(?:\n\n[^\n]+)*$/);
    expect(text).toMatch(new RegExp(`Examples?:\\n  \\$ .*npx xtrace ${name}`));
  });

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
