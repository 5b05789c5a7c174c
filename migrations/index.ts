import { CreateCore1795400000000 } from './1795400000000-CreateCore.js';

/** Every migration in the order it runs. */
export const migrations = [CreateCore1795400000000];
