import { type Setting } from './setting.js';

/** The project of the credentials in the settings; others have keys in the database. */
export interface ProjectConfig {
  readonly defaultProjectId: string;
  /** What people call it, from the start that makes it on; absent = its id. */
  readonly defaultProjectName?: string;
}

/** One line that means the same wherever it is shown. */
function line(): Pick<Setting<string>, 'expected' | 'parse'> {
  return {
    expected: '1 to 200 characters without control characters',
    parse: (text) => (text.length <= 200 && !/[\p{Cc}\p{Cs}]/u.test(text) ? text : undefined),
  };
}

export const PROJECT_SETTINGS: { readonly [F in keyof ProjectConfig]-?: Setting<NonNullable<ProjectConfig[F]>> } = {
  defaultProjectId: {
    name: 'DEFAULT_PROJECT_ID',
    aliases: ['LANGFUSE_INIT_PROJECT_ID'],
    default: 'default',
    doc: 'Project of the credentials above; `npx xtrace projects` makes others',
    ...line(),
  },
  defaultProjectName: {
    name: 'DEFAULT_PROJECT_NAME',
    aliases: ['LANGFUSE_INIT_PROJECT_NAME'],
    doc: 'What that project is called when a start makes it; unset: like its id. `npx xtrace projects rename` changes it later',
    ...line(),
  },
};
