/** @file A menu that opens over the page; keys move in it, Escape closes it. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

/** An entry of a menu. */
export interface MenuItem {
  text: string;
  act: () => void;
}

/** The open menu; it stands in the element that it belongs to. */
export function Menu({ label, items, onClose }: { label: string; items: readonly MenuItem[]; onClose: () => void }) {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => (list.current?.firstElementChild as HTMLElement | null)?.focus(), []);
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      if (!list.current?.contains(event.target as Node)) onClose();
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, []);
  const byKey = (event: KeyboardEvent) => {
    const buttons = [...(list.current?.children ?? [])] as HTMLElement[];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    event.stopPropagation();
    if (event.key === 'Escape' || event.key === 'Tab') onClose();
    if (to === undefined) return;
    event.preventDefault();
    buttons[(to + buttons.length) % buttons.length]?.focus();
  };
  return (
    <div ref={list} class="menu" role="menu" aria-label={label} onKeyDown={byKey}>
      {items.map(({ text, act }) => (
        <button
          key={text}
          type="button"
          role="menuitem"
          tabIndex={-1}
          onClick={() => {
            onClose();
            act();
          }}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
