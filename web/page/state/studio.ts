/** @file What all parts of the page share, and how a part gets it. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Engine } from '../engine/calls.js';
import { startEngine } from '../engine/client.js';
import { Models } from './models.js';
import { Live } from './live.js';
import { Address } from './address.js';
import { Notices } from './notices.js';
import { Pictures } from './pictures.js';

/** The engine and the state of a page, or of a part that is embedded elsewhere. */
export interface Studio {
  /** The calls of the worker. */
  engine: Engine;
  /** The settings, which the address shows. */
  address: Address;
  /** What went wrong, where it is told. */
  notices: Notices;
  /** The networks that are open, and the runs on disk. */
  models: Models;
  /** The user's own pictures. */
  pictures: Pictures;
  /** The point or picture at hand, and what the networks make of it. */
  live: Live;
  /** Ends the worker. */
  stop: () => void;
}

/** Starts a studio. @param page the window whose address shows the settings; none for embedded parts */
export function startStudio(page?: Window): Studio {
  const { engine, stop } = startEngine((reason) => models.lose(reason));
  const address = new Address(page);
  const notices = new Notices();
  const models = new Models(engine, address, notices);
  const pictures = new Pictures(engine, notices);
  return { engine, address, notices, models, pictures, live: new Live(engine, address, models, pictures), stop };
}

const Shared = createContext<Studio | undefined>(undefined);

/** Gives a studio to the components inside. */
export const StudioProvider = Shared.Provider;

/** The studio that a component stands in. */
export function useStudio(): Studio {
  const studio = useContext(Shared);
  if (!studio) throw new Error('this component stands in no studio');
  return studio;
}
