interface Props {
  /** 0 to 100; none when nobody knows. */
  share: number | undefined;
  label: string;
}

/** How far something is. */
export function Bar({ share, label }: Props) {
  const known = share !== undefined;
  return (
    <div
      className={known ? "bar" : "bar unknown"}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(known ? { "aria-valuenow": Math.round(share) } : {})}
    >
      <i style={known ? { transform: `scaleX(${share / 100})` } : undefined} />
    </div>
  );
}
