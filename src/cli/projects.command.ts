import { type Command } from 'commander';
import { type ProjectOptions } from './run-projects.js';

export function defineProjects(program: Command): void {
  const projects = program
    .command('projects')
    .summary('list, make, rename and delete projects')
    .description(
      'Projects keep the data of teams apart; each has keys of its own (`xtrace keys`). Works on the database of the ' +
        'settings, while the server runs and while it does not.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx xtrace projects list\n  $ npx xtrace projects create Search --id search\n' +
        '  $ npx xtrace projects delete search --yes',
    );
  projects
    .command('list')
    .summary('all projects, the oldest first')
    .description('Lists all projects of the database, the oldest first.')
    .addHelpText('after', '\nExample:\n  $ npx xtrace projects list --json')
    .option('--json', 'print what GET /api/public/organizations/projects answers')
    .action(async (options: ProjectOptions) => (await run()).listProjects(options));
  projects
    .command('create')
    .summary('make a project')
    .description('Makes a project and prints its id. It has no key yet: `xtrace keys create` makes one.')
    .addHelpText('after', '\nExample:\n  $ npx xtrace projects create Search --id search')
    .argument('<name>', 'what people call it')
    .option('--id <id>', 'what programs call it (default: made)')
    .option('--json', 'print it as JSON')
    .action(async (name: string, options: ProjectOptions) => (await run()).createProject(name, options));
  projects
    .command('rename')
    .summary('give a project another name')
    .description('Gives a project another name. Its id stays, and so do its keys.')
    .addHelpText('after', '\nExample:\n  $ npx xtrace projects rename search "Search and find"')
    .argument('<id>', 'as the list shows it')
    .argument('<name>', 'what people call it from now on')
    .action(async (id: string, name: string) => (await run()).renameProject(id, name));
  projects
    .command('delete')
    .summary('delete a project with everything in it')
    .description(
      'Deletes a project. It is gone at once, its keys open nothing any more, and a running server removes its data.',
    )
    .addHelpText('after', '\nExample:\n  $ npx xtrace projects delete search --yes')
    .argument('<id>', 'as the list shows it')
    .option('--yes', 'consent to lose everything in it, its keys included')
    .action(async (id: string, options: ProjectOptions) => (await run()).deleteProject(id, options));
}

const run = () => import('./run-projects.js');
