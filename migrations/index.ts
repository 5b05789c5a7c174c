import { CreateCore1795400000000 } from './1795400000000-CreateCore.js';
import { CreateMetrics1795500000000 } from './1795500000000-CreateMetrics.js';
import { AddRetention1795610000000 } from './1795610000000-AddRetention.js';
import { CountTracesByDay1795620000000 } from './1795620000000-CountTracesByDay.js';
import { FillTraceCounts1795620000001 } from './1795620000001-FillTraceCounts.js';
import { LeaveOutRepeatedUsage1795630000000 } from './1795630000000-LeaveOutRepeatedUsage.js';
import { AddObservationIdentity1795700000000 } from './1795700000000-AddObservationIdentity.js';
import { CreatePrices1795710000000 } from './1795710000000-CreatePrices.js';
import { AddMetricExemplars1795720000000 } from './1795720000000-AddMetricExemplars.js';
import { CreateLogs1795730000000 } from './1795730000000-CreateLogs.js';
import { CreateOrphans1796010000000 } from './1796010000000-CreateOrphans.js';
import { CreateScores1796030000000 } from './1796030000000-CreateScores.js';
import { CreatePrompts1796050000000 } from './1796050000000-CreatePrompts.js';
import { AddModelDefinitions1796051000000 } from './1796051000000-AddModelDefinitions.js';
import { CreateDatasets1796060000000 } from './1796060000000-CreateDatasets.js';
import { AddExperiments1796061000000 } from './1796061000000-AddExperiments.js';
import { CreateMedia1796070000000 } from './1796070000000-CreateMedia.js';
import { CreateComments1796080000000 } from './1796080000000-CreateComments.js';
import { CreateApiKeys1796090000000 } from './1796090000000-CreateApiKeys.js';
import { IndexObservationNames1796100000000 } from './1796100000000-IndexObservationNames.js';
import { IndexObservationLevels1796130000000 } from './1796130000000-IndexObservationLevels.js';
import { AddModelIds1796130000001 } from './1796130000001-AddModelIds.js';
import { IndexItemMediaLinks1796140000000 } from './1796140000000-IndexItemMediaLinks.js';
import { SplitCosts1796150000000 } from './1796150000000-SplitCosts.js';
import { AddToolNames1796170000000 } from './1796170000000-AddToolNames.js';
import { AddPriceTiers1796170000001 } from './1796170000001-AddPriceTiers.js';
import { FillSplitCosts1796200000000 } from './1796200000000-FillSplitCosts.js';

/** Every migration in the order it runs. */
export const migrations = [
  // The newest is the last.
  CreateCore1795400000000,
  CreateMetrics1795500000000,
  AddRetention1795610000000,
  CountTracesByDay1795620000000,
  FillTraceCounts1795620000001,
  LeaveOutRepeatedUsage1795630000000,
  AddObservationIdentity1795700000000,
  CreatePrices1795710000000,
  AddMetricExemplars1795720000000,
  CreateLogs1795730000000,
  CreateOrphans1796010000000,
  CreateScores1796030000000,
  CreatePrompts1796050000000,
  AddModelDefinitions1796051000000,
  CreateDatasets1796060000000,
  AddExperiments1796061000000,
  CreateMedia1796070000000,
  CreateComments1796080000000,
  CreateApiKeys1796090000000,
  IndexObservationNames1796100000000,
  IndexObservationLevels1796130000000,
  AddModelIds1796130000001,
  IndexItemMediaLinks1796140000000,
  SplitCosts1796150000000,
  AddToolNames1796170000000,
  AddPriceTiers1796170000001,
  FillSplitCosts1796200000000,
];
