/**
 * Keys of the page. They go by place, not by letter, so that a Russian or Ukrainian
 * layout needs no switching; single keys are left alone while something is typed in.
 */

const TYPED_IN = "input:not([type=checkbox]), textarea, select, [contenteditable]";

/** `keys` maps a code (`KeyR`, `Digit1`) to an action; `save` is Ctrl+Enter. */
export function listenForKeys({ keys, save }) {
  const onKey = (event) => {
    if (event.isComposing || event.repeat) return;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && (event.code === "Enter" || event.code === "NumpadEnter")) {
      event.preventDefault();
      save();
    } else if (event.key === "Escape" && event.target.matches?.(TYPED_IN)) {
      event.target.blur();
    } else if (!isCommand && !event.altKey && !event.target.matches?.(TYPED_IN)) {
      const action = keys[event.code.replace("Numpad", "Digit")];
      if (!action) return;
      event.preventDefault();
      action();
    }
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
