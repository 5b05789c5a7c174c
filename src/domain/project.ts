import type { JsonText } from './json.js';
import type { Micros } from './time.js';

/** The owner of data. `no` is the short key of every table row and never leaves the server; `id` is what clients see. */
export interface Project {
  readonly no: number;
  readonly id: string;
}

/** A project as its owner may see it. */
export interface ProjectDescription {
  readonly id: string;
  readonly name: string;
  /** A JSON object. */
  readonly metadata: JsonText;
  readonly createdAt: Micros;
  readonly updatedAt: Micros;
}

/** Which project the settings name. Storage provides it; authentication asks it, because only a credential names a project. */
export abstract class ProjectDirectory {
  /** The project of the configured credentials. Known from the start of the server on, so that it costs no query. */
  abstract defaultProject(): Project;
}
