/** Where a fault of the page itself ends: the frame stays, the screen says so and offers the way on. Keyed by the address, so that going elsewhere begins anew. */
import { Component } from 'react';
import type { ReactNode } from 'react';
import { Button, Empty } from './basics.tsx';

interface State { fault: Error | null }

export class FaultBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { fault: null };
  static getDerivedStateFromError(fault: Error): State { return { fault }; }
  override render(): ReactNode {
    const { fault } = this.state;
    if (!fault) return this.props.children;
    // A part of the page that is not there any more: the server has a newer version than this tab.
    const outdated = /import|module|fetch|load/i.test(fault.message);
    return (
      <Empty icon="refresh" title={outdated ? 'There is a newer version' : 'This page ran into a fault of its own'} action={<Button kind="primary" onClick={() => location.reload()}>Reload</Button>}>
        {outdated ? 'Historical Sync was updated while this tab was open, or the connection broke off. Reloading brings it up to date.' : 'Nothing of yours is lost. Reload it; if it stays, tell us what you did.'}
      </Empty>
    );
  }
}
