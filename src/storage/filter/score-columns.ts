import { type FilterCondition } from '../../domain/filter.js';
import { type Where } from '../sql/where.js';
import { type FilterColumn } from './filter-columns.js';

type Of<T extends FilterCondition['type']> = Extract<FilterCondition, { type: T }>;

/**
 * The columns that stand for the scores of a row, by their names (a condition's key).
 * @param subject SQL that says which rows `s` of `scores` are about it; an index must find them
 */
export function scoreColumns(subject: string): FilterColumn[] {
  const named = (where: Where, key: string) => `FROM scores s WHERE ${subject} AND s.name = ${where.bind(key, 'text')}`;
  return [
    {
      name: 'scores_avg',
      aliases: ['Scores (numeric)'],
      kind: 'own',
      types: ['numberObject'],
      compile: (condition, where) => {
        const { key, operator, value } = condition as Of<'numberObject'>;
        const average = `(SELECT avg(s.value) ${named(where, key)} AND s.data_type IN ('NUMERIC', 'BOOLEAN'))`;
        return `${average} ${operator} ${where.bind(value, 'float8')}`;
      },
    },
    {
      name: 'score_categories',
      aliases: ['Scores (categorical)'],
      kind: 'own',
      types: ['categoryOptions'],
      compile: (condition, where) => {
        const { key, operator, value } = condition as Of<'categoryOptions'>;
        const categories = `AND s.data_type = 'CATEGORICAL' AND s.string_value = ANY(${where.bind(value, 'text[]')})`;
        return `${operator === 'any of' ? '' : 'NOT '}EXISTS (SELECT 1 ${named(where, key)} ${categories})`;
      },
    },
    {
      name: 'score_booleans',
      aliases: ['Scores (boolean)'],
      kind: 'own',
      types: ['booleanObject'],
      compile: (condition, where) => {
        const { key, operator, value } = condition as Of<'booleanObject'>;
        const wanted = where.bind(value === (operator === '=') ? 1 : 0, 'float8');
        return `EXISTS (SELECT 1 ${named(where, key)} AND s.data_type = 'BOOLEAN' AND s.value = ${wanted})`;
      },
    },
  ];
}
