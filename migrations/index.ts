import { CreateCore1795400000000 } from './1795400000000-CreateCore.js';
import { CreateMetrics1795500000000 } from './1795500000000-CreateMetrics.js';
import { AddRetention1795610000000 } from './1795610000000-AddRetention.js';
import { CountTracesByDay1795620000000 } from './1795620000000-CountTracesByDay.js';
import { FillTraceCounts1795620000001 } from './1795620000001-FillTraceCounts.js';
import { LeaveOutRepeatedUsage1795630000000 } from './1795630000000-LeaveOutRepeatedUsage.js';

/** Every migration in the order it runs. */
export const migrations = [
  // The newest is the last.
  CreateCore1795400000000,
  CreateMetrics1795500000000,
  AddRetention1795610000000,
  CountTracesByDay1795620000000,
  FillTraceCounts1795620000001,
  LeaveOutRepeatedUsage1795630000000,
];
