import { useFilterCatalogue } from '../../api/segments.ts';
import { Field, Select } from '../../design/field.tsx';

/** One of the dates that are known of a person. A date that is not known any more stays to be seen. */
export function DatePropertyField({ value, onChange }: { value: string; onChange: (property: string) => void }) {
  const { data } = useFilterCatalogue();
  const dates = data?.properties.filter((one) => one.type === 'date' && !one.property.startsWith('company.')) ?? [];
  return (
    <Field label="Which date">
      {(ids) => (
        <Select {...ids} className="w-auto max-w-full" value={value} onChange={(event) => onChange(event.target.value)}>
          {!dates.some((one) => one.property === value) && <option value={value}>{value}</option>}
          {dates.map((one) => (
            <option key={one.property} value={one.property}>
              {one.label}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
