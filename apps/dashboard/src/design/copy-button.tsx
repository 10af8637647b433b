import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { IconButton } from './button.tsx';

export function CopyButton({ text, what }: { text: string; what: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <IconButton label={isCopied ? 'Copied' : `Copy ${what}`} size="iconSm" onClick={() => void copy()}>
      {isCopied ? <Check className="text-good" aria-hidden /> : <Copy aria-hidden />}
    </IconButton>
  );
}
