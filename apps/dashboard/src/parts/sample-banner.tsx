import { Link } from '@tanstack/react-router';
import { FlaskConical } from 'lucide-react';

/** The demo says so on every page, and how to leave it. */
export function SampleBanner() {
  return (
    <div className="flex flex-wrap items-center justify-center gap-x-2 gap-y-0.5 border-b bg-info-soft px-4 py-1.5 text-center text-[0.8125rem] text-info">
      <FlaskConical className="size-4 shrink-0 max-sm:hidden" aria-hidden />
      <span>
        Sample data<span className="max-sm:hidden">: this company and its people are made up</span>.
      </span>
      <Link to="/connect" className="font-semibold underline underline-offset-2">
        Connect Stripe
      </Link>
    </div>
  );
}
