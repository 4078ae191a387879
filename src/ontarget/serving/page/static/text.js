/** A text without the blanks around it, and these blanks. */
export function divided(text) {
  const inner = text.trim();
  const at = text.indexOf(inner);
  return { before: text.slice(0, at), inner, after: text.slice(at + inner.length) };
}
