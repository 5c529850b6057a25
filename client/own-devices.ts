import type { DeviceId } from "../lib/ids.js";
import { listDevices, removeDevice, type DevicesPorts, type OwnDevice } from "./account/devices.js";
import { approvedPrefix, approveLink, inspectLink, type ApprovePorts, type LinkRequest } from "./account/link-old.js";
import type { VerifiedList } from "./context.js";

/** The own account's devices, as `client.devices`. */
export class OwnDevices {
  readonly #ports: DevicesPorts & ApprovePorts;

  constructor(ports: DevicesPorts & ApprovePorts) {
    this.#ports = ports;
  }

  /**
   * All devices by rank, with the day on which each was last connected.
   *
   * @example
   * for (const device of await me.devices.list()) console.log(device.rank, device.id);
   */
  list(): Promise<readonly OwnDevice[]> {
    return listDevices(this.#ports);
  }

  /**
   * Takes a device out: from then on it receives and sends nothing. One before this device in rank needs the recovery key.
   *
   * @throws HermodError `outranked` without the recovery key; `bad-device-list` for the last device
   * @example
   * await me.devices.remove(laptop.id);
   */
  remove(device: DeviceId, options: { readonly recoveryWords?: string } = {}): Promise<VerifiedList> {
    return removeDevice(this.#ports, device, options.recoveryWords);
  }

  /**
   * What to show before `approveLink` is called: compare the digits with those on the new device. Sends nothing.
   *
   * @throws HermodError `bad-request`, `bad-key`, `link-expired`, `update-needed`
   * @example
   * const { name, digits } = me.devices.inspectLink(uri);
   */
  inspectLink(uri: string): LinkRequest {
    return inspectLink(uri, this.#ports.clock.now());
  }

  /**
   * Adds the device that shows this link; resolves when it is in the list. Only after a person compared the digits.
   *
   * @throws HermodError `too-young`, `too-many-devices`, `link-expired`, `link-used`
   * @example
   * await me.devices.approveLink(uri);
   */
  approveLink(uri: string, signal?: AbortSignal): Promise<VerifiedList> {
    return approveLink(this.#ports, uri, signal);
  }

  /**
   * Resolves once every device that was approved here has been sent what it starts with: contacts, conversations, what was read. A program
   * that ends earlier sends the rest at its next start.
   *
   * @example
   * await me.devices.startUpSent();
   */
  startUpSent(signal?: AbortSignal): Promise<void> {
    const { store } = this.#ports;
    const isSent = (): boolean => {
      const self = store.chats.self();
      return store.values.names(approvedPrefix).length === 0 && (self === undefined || store.outbox.pending(self.chat, 1).length === 0);
    };
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSent() && signal?.aborted !== true) return;
        stopListening();
        signal?.removeEventListener("abort", look);
        resolve();
      };
      const stopListening = store.onCommit(look);
      signal?.addEventListener("abort", look);
      look();
    });
  }
}
