interface Props<Value extends string> {
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  choices: { value: Value; text: string }[];
}

/** One of a few, all of them seen. */
export function Segments<Value extends string>({ label, value, onChange, choices }: Props<Value>) {
  return (
    <fieldset className="segments" aria-label={label}>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          aria-pressed={choice.value === value}
          onClick={() => onChange(choice.value)}
        >
          {choice.text}
        </button>
      ))}
    </fieldset>
  );
}
