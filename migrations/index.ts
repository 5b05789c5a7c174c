import { CreateCore1795400000000 } from './1795400000000-CreateCore.js';
import { CreateMetrics1795500000000 } from './1795500000000-CreateMetrics.js';
import { AddRetention1795610000000 } from './1795610000000-AddRetention.js';

/** Every migration in the order it runs. */
export const migrations = [CreateCore1795400000000, CreateMetrics1795500000000, AddRetention1795610000000];
