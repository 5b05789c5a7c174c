import 'reflect-metadata';
import { runMigrate } from './cli/run-migrate.js';

/** `npm run migrate`: the same as `xtrace migrate`. */
void runMigrate();
