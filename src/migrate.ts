import 'reflect-metadata';
import { migrateCommand } from './cli/migrate.js';

/** `npm run migrate`: the same as `xtrace migrate`. */
void migrateCommand();
