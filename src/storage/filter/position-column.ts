import { type FilterCondition, type PositionCondition } from '../../domain/filter.js';
import { type Where } from '../sql/where.js';
import { type FilterColumn } from './filter-columns.js';

const AT = (row: string) => `coalesce(${row}.start_time, ${row}.created_at)`;

/** The observations of the trace of `o` that lie on one side of it, in start order and ties by id. */
function countOf(side: '<' | '>'): string {
  return (
    '(SELECT count(*) FROM observations q WHERE q.project_no = o.project_no AND q.trace_id = o.trace_id ' +
    `AND q.bucket = o.bucket AND (${AT('q')}, q.id) ${side} (${AT('o')}, o.id))`
  );
}

function compile(condition: FilterCondition, where: Where): string {
  const { key, value } = condition as PositionCondition;
  switch (key) {
    case 'root':
      return 'o.parent_observation_id IS NULL';
    case 'first':
      return `${countOf('<')} = 0`;
    case 'last':
      return `${countOf('>')} = 0`;
    case 'nthFromStart':
      return `${countOf('<')} = ${where.bind(value! - 1, 'int8')}`;
    case 'nthFromEnd':
      return `${countOf('>')} = ${where.bind(value! - 1, 'int8')}`;
  }
}

/** Where an observation lies in its trace. Each row that is looked at costs a look at its trace: ask with other conditions. */
export const POSITION_COLUMN: FilterColumn = {
  name: 'positionInTrace',
  aliases: ['Position in Trace'],
  kind: 'own',
  types: ['positionInTrace'],
  compile,
};
