/** SQL as a value: text and bound parameters together, never spliced. From the sql-template-tag package. */
export { default as sql, empty, join, raw, Sql } from 'sql-template-tag';
