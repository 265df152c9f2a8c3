import { type ReactNode, useId } from "react";

interface Props {
  label: string;
  tip?: ReactNode;
  /** What is wrong with it, if something is. */
  wrong?: string | undefined;
  /** The field itself, with what ties it to its texts. */
  children: (ties: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ReactNode;
}

/** A field with its name above, and what it means or what is wrong beneath. */
export function Field({ label, tip, wrong, children }: Props) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": `${id}-tip`, "aria-invalid": wrong !== undefined })}
      <small id={`${id}-tip`} className={wrong ? "tone-bad" : "quiet"}>
        {wrong ?? tip}
      </small>
    </div>
  );
}

interface TextProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  tip?: ReactNode;
  wrong?: string | undefined;
  type?: "text" | "password" | "url" | "number";
  placeholder?: string;
}

/** One line. */
export function TextField({ value, onChange, type = "text", placeholder, ...words }: TextProps) {
  return (
    <Field {...words}>
      {(ties) => (
        <input
          {...ties}
          type={type}
          value={value}
          placeholder={placeholder}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

interface SelectProps<Value extends string> {
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  choices: readonly (readonly [Value, string])[];
  tip?: ReactNode;
}

/** One of several. */
export function SelectField<Value extends string>({ value, onChange, choices, ...words }: SelectProps<Value>) {
  return (
    <Field {...words}>
      {(ties) => (
        <select {...ties} value={value} onChange={(event) => onChange(event.target.value as Value)}>
          {choices.map(([choice, text]) => (
            <option key={choice} value={choice}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface CheckProps {
  label: ReactNode;
  tip?: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

/** Yes or no. */
export function Check({ label, tip, checked, onChange }: CheckProps) {
  return (
    <label className="choice">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span>
        {label}
        {tip && (
          <>
            <br />
            <small className="quiet">{tip}</small>
          </>
        )}
      </span>
    </label>
  );
}

/** On or off, at once. */
export function Switch({ label, checked, onChange }: CheckProps) {
  return (
    <label className="choice switch">
      <input
        type="checkbox"
        role="switch"
        checked={checked}
        aria-checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}
