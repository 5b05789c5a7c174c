import { CreateCore1795400000000 } from './1795400000000-CreateCore.js';
import { CreateMetrics1795500000000 } from './1795500000000-CreateMetrics.js';

/** Every migration in the order it runs. */
export const migrations = [
  // The newest is the last.
  CreateCore1795400000000,
  CreateMetrics1795500000000,
];
