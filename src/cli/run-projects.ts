import { type Config } from '../config/config.js';
import { presentTime } from '../domain/time.js';
import { parseNewProject, parseProjectPatch, redactProject } from '../modules/projects/projects.body.js';
import { presentOrganizationProject, presentProject } from '../modules/projects/projects.present.js';
import { CommandRefused } from './database-command.js';
import { asOptions, type OptionNames } from './option-values.js';
import { printTable, projectOf, readNothing, withProjects } from './project-stores.js';

export interface ProjectOptions {
  readonly id?: string;
  readonly json?: true;
  readonly yes?: true;
}

const OPTIONS: OptionNames = { name: ['<name>'], id: ['--id'] };

/** `xtrace projects list`. */
export async function listProjects({ json }: ProjectOptions): Promise<void> {
  await withProjects('list projects', readNothing, async ({ projects }) => {
    const all = await projects.list();
    if (json) console.log(JSON.stringify({ projects: all.map(presentOrganizationProject) }, null, 2));
    else
      printTable([['ID', 'NAME', 'MADE'], ...all.map(({ id, name, createdAt }) => [id, name, presentTime(createdAt)])]);
  });
}

/** `xtrace projects create`: prints the id. */
export async function createProject(name: string, { id, json }: ProjectOptions): Promise<void> {
  const read = (config: Config) => asOptions(OPTIONS, () => parseNewProject({ name, id }, config));
  await withProjects('make the project', read, async ({ config, projects, redactor }, { id: wanted, ...patch }) => {
    const made = await projects.create(redactProject(patch, redactor), wanted);
    console.log(json ? JSON.stringify(presentProject(made, config), null, 2) : made.id);
  });
}

/** `xtrace projects rename`. */
export async function renameProject(id: string, name: string): Promise<void> {
  const read = (config: Config) => asOptions(OPTIONS, () => parseProjectPatch({ name }, config));
  await withProjects('rename the project', read, async (stores, patch) => {
    const { projects, redactor } = stores;
    const { name: given } = await projects.update(await projectOf(stores, id), redactProject(patch, redactor));
    console.log(`${id} is called ${given}`);
  });
}

/** `xtrace projects delete`. */
export async function deleteProject(id: string, { yes }: ProjectOptions): Promise<void> {
  await withProjects('delete the project', readNothing, async (stores) => {
    const { config, projects } = stores;
    const project = await projectOf(stores, id);
    if (id === config.defaultProjectId)
      throw new CommandRefused(`${id} is the project of DEFAULT_PROJECT_ID and cannot be deleted`);
    if (!yes) throw new CommandRefused(`everything in ${id} would be lost: add --yes to consent`);
    await projects.delete(project);
    console.log(`${id} is deleted; a running server removes its data`);
  });
}
