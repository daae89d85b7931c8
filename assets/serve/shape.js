// What records look like as a table: columns, rows, which column names a row and which one is drawn.

const isList = Array.isArray;
const isObject = (value) => value !== null && typeof value === "object" && !isList(value);
const isPair = (value) => isList(value) && value.length === 2;
const MOST_COLUMNS = 12;

export const text = (value) =>
  typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);

function columnsOf(objects) {
  const names = new Set();
  for (const object of objects) for (const name of Object.keys(object)) names.add(name);
  return [...names].slice(0, MOST_COLUMNS);
}

function cut(records) {
  // A top list is one record: its elements are the rows.
  const only = records.length === 1 ? records[0] : null;
  if (isList(only) && only.length && only.every((row) => isPair(row) || isObject(row))) records = only;
  if (records.length && records.every(isPair)) {
    const values = records.map(([, value]) => value);
    if (values.every(isObject)) {
      const names = columnsOf(values);
      return { columns: ["key", ...names], rows: records.map(([key, value]) => [key, ...names.map((name) => value[name])]), hasKey: true };
    }
    return { columns: ["key", "value"], rows: records, hasKey: true };
  }
  if (records.length && records.every(isObject)) {
    const names = columnsOf(records);
    return { columns: names, rows: records.map((record) => names.map((name) => record[name])) };
  }
  return { columns: ["record"], rows: records.map((record) => [record]) };
}

// {columns, rows, label, numbers, drawn}: `label` is the column that names a row, if there is one,
// `numbers` those that hold numbers alone, and `drawn` the one of them that has bars.
export function shape(records) {
  const { columns, rows, hasKey } = cut(records);
  const all = columns.map((_, i) => i);
  const numbers = all.filter((i) => !(hasKey && i === 0) && rows.length && rows.every((row) => typeof row[i] === "number"));
  const label = hasKey ? 0 : all.find((i) => !numbers.includes(i) && rows.length && rows.every((row) => typeof row[i] === "string"));
  // Of several numbers the last one is the result as a rule: what comes before says of what.
  return { columns, rows, label, numbers, drawn: numbers[numbers.length - 1] };
}
