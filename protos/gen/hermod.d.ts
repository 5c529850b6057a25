// Made by scripts/generate-protos.mjs from protos/*.proto. Do not edit: run npm run protos.

/** Namespace hermod. */
export namespace hermod {

    /** Namespace v1. */
    namespace v1 {

        /** Represents a ClientFrame. */
        class ClientFrame {

            /**
             * Constructs a new ClientFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ClientFrame.$Properties);

            /** ClientFrame requestId. */
            requestId: number;

            /** ClientFrame hello. */
            hello: (hermod.v1.Hello|null);

            /** ClientFrame syncState. */
            syncState: (hermod.v1.SyncState|null);

            /** ClientFrame createChat. */
            createChat: (hermod.v1.CreateChat|null);

            /** ClientFrame sendMessage. */
            sendMessage: (hermod.v1.SendMessage|null);

            /** ClientFrame changeRoster. */
            changeRoster: (hermod.v1.ChangeRoster|null);

            /** ClientFrame fetchRoster. */
            fetchRoster: (hermod.v1.FetchRoster|null);

            /** ClientFrame messageAck. */
            messageAck: (hermod.v1.MessageAck|null);

            /** ClientFrame nack. */
            nack: (hermod.v1.Nack|null);

            /** ClientFrame fetch. */
            fetch: (hermod.v1.Fetch|null);

            /** ClientFrame fetchPrekeys. */
            fetchPrekeys: (hermod.v1.FetchPrekeys|null);

            /** ClientFrame fetchDevices. */
            fetchDevices: (hermod.v1.FetchDevices|null);

            /** ClientFrame changeDevices. */
            changeDevices: (hermod.v1.ChangeDevices|null);

            /** ClientFrame putKeys. */
            putKeys: (hermod.v1.PutKeys|null);

            /** ClientFrame frame. */
            frame?: ("hello"|"syncState"|"createChat"|"sendMessage"|"changeRoster"|"fetchRoster"|"messageAck"|"nack"|"fetch"|"fetchPrekeys"|"fetchDevices"|"changeDevices"|"putKeys");

            /**
             * Encodes the specified ClientFrame message.
             * @param message ClientFrame message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ClientFrame.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ClientFrame message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ClientFrame & hermod.v1.ClientFrame.$Shape;
        }

        namespace ClientFrame {

            /** Properties of a ClientFrame. */
            interface $Properties {

                /** ClientFrame requestId */
                requestId?: number;

                /** ClientFrame hello */
                hello?: (hermod.v1.Hello.$Properties|null);

                /** ClientFrame syncState */
                syncState?: (hermod.v1.SyncState.$Properties|null);

                /** ClientFrame createChat */
                createChat?: (hermod.v1.CreateChat.$Properties|null);

                /** ClientFrame sendMessage */
                sendMessage?: (hermod.v1.SendMessage.$Properties|null);

                /** ClientFrame changeRoster */
                changeRoster?: (hermod.v1.ChangeRoster.$Properties|null);

                /** ClientFrame fetchRoster */
                fetchRoster?: (hermod.v1.FetchRoster.$Properties|null);

                /** ClientFrame messageAck */
                messageAck?: (hermod.v1.MessageAck.$Properties|null);

                /** ClientFrame nack */
                nack?: (hermod.v1.Nack.$Properties|null);

                /** ClientFrame fetch */
                fetch?: (hermod.v1.Fetch.$Properties|null);

                /** ClientFrame fetchPrekeys */
                fetchPrekeys?: (hermod.v1.FetchPrekeys.$Properties|null);

                /** ClientFrame fetchDevices */
                fetchDevices?: (hermod.v1.FetchDevices.$Properties|null);

                /** ClientFrame changeDevices */
                changeDevices?: (hermod.v1.ChangeDevices.$Properties|null);

                /** ClientFrame putKeys */
                putKeys?: (hermod.v1.PutKeys.$Properties|null);

                /** ClientFrame frame */
                frame?: ("hello"|"syncState"|"createChat"|"sendMessage"|"changeRoster"|"fetchRoster"|"messageAck"|"nack"|"fetch"|"fetchPrekeys"|"fetchDevices"|"changeDevices"|"putKeys");
            }

            /** Narrowed shape of a ClientFrame. */
            type $Shape = {
              requestId?: number;
              hello?: hermod.v1.Hello.$Shape|null;
              syncState?: hermod.v1.SyncState.$Shape|null;
              createChat?: hermod.v1.CreateChat.$Shape|null;
              sendMessage?: hermod.v1.SendMessage.$Shape|null;
              changeRoster?: hermod.v1.ChangeRoster.$Shape|null;
              fetchRoster?: hermod.v1.FetchRoster.$Shape|null;
              messageAck?: hermod.v1.MessageAck.$Shape|null;
              nack?: hermod.v1.Nack.$Shape|null;
              fetch?: hermod.v1.Fetch.$Shape|null;
              fetchPrekeys?: hermod.v1.FetchPrekeys.$Shape|null;
              fetchDevices?: hermod.v1.FetchDevices.$Shape|null;
              changeDevices?: hermod.v1.ChangeDevices.$Shape|null;
              putKeys?: hermod.v1.PutKeys.$Shape|null;
            } & (
              ({ frame?: undefined; hello?: null; syncState?: null; createChat?: null; sendMessage?: null; changeRoster?: null; fetchRoster?: null; messageAck?: null; nack?: null; fetch?: null; fetchPrekeys?: null; fetchDevices?: null; changeDevices?: null; putKeys?: null }|{ frame?: "hello"; hello: hermod.v1.Hello.$Shape; syncState?: null; createChat?: null; sendMessage?: null; changeRoster?: null; fetchRoster?: null; messageAck?: null; nack?: null; fetch?: null; fetchPrekeys?: null; fetchDevices?: null; changeDevices?: null; putKeys?: null }|{ frame?: "syncState"; hello?: null; syncState: hermod.v1.SyncState.$Shape; createChat?: null; sendMessage?: null; changeRoster?: null; fetchRoster?: null; messageAck?: null; nack?: null; fetch?: null; fetchPrekeys?: null; fetchDevices?: null; changeDevices?: null; putKeys?: null }|{ frame?: "createChat"; hello?: null; syncState?: null; createChat: hermod.v1.CreateChat.$Shape; sendMessage?: null; changeRoster?: null; fetchRoster?: null; messageAck?: null; nack?: null; fetch?: null; fetchPrekeys?: null; fetchDevices?: null; changeDevices?: null; putKeys?: null }|{ frame?: "sendMessage"; hello?: null; syncState?: null; createChat?: null; sendMessage: hermod.v1.SendMessage.$Shape; changeRoster?: null; fetchRoster?: null; messageAck?: null; nack?: null; fetch?: null; fetchPrekeys?: null; fetchDevices?: null; changeDevices?: null; putKeys?: null }|{ frame?: "changeRoster"; hello?: null; syncState?: null; createChat?: null; sendMessage?: null; changeRoster: hermod.v1.ChangeRoster.$Shape; fetchRoster?: null; messageAck?: null; nack?: null; fetch?: null; fetchPrekeys?: null; fetchDevices?: null; changeDevices?: null; putKeys?: null }|{ frame?: "fetchRoster"; hello?: null; syncState?: null; createChat?: null; sendMessage?: null; changeRoster?: null; fetchRoster: hermod.v1.FetchRoster.$Shape; messageAck?: null; nack?: null; fetch?: null; fetchPrekeys?: null; fetchDevices?: null; changeDevices?: null; putKeys?: null }|{ frame?: "messageAck"; hello?: null; syncState?: null; createChat?: null; sendMessage?: null; changeRoster?: null; fetchRoster?: null; messageAck: hermod.v1.MessageAck.$Shape; nack?: null; fetch?: null; fetchPrekeys?: null; fetchDevices?: null; changeDevices?: null; putKeys?: null }|{ frame?: "nack"; hello?: null; syncState?: null; createChat?: null; sendMessage?: null; changeRoster?: null; fetchRoster?: null; messageAck?: null; nack: hermod.v1.Nack.$Shape; fetch?: null; fetchPrekeys?: null; fetchDevices?: null; changeDevices?: null; putKeys?: null }|{ frame?: "fetch"; hello?: null; syncState?: null; createChat?: null; sendMessage?: null; changeRoster?: null; fetchRoster?: null; messageAck?: null; nack?: null; fetch: hermod.v1.Fetch.$Shape; fetchPrekeys?: null; fetchDevices?: null; changeDevices?: null; putKeys?: null }|{ frame?: "fetchPrekeys"; hello?: null; syncState?: null; createChat?: null; sendMessage?: null; changeRoster?: null; fetchRoster?: null; messageAck?: null; nack?: null; fetch?: null; fetchPrekeys: hermod.v1.FetchPrekeys.$Shape; fetchDevices?: null; changeDevices?: null; putKeys?: null }|{ frame?: "fetchDevices"; hello?: null; syncState?: null; createChat?: null; sendMessage?: null; changeRoster?: null; fetchRoster?: null; messageAck?: null; nack?: null; fetch?: null; fetchPrekeys?: null; fetchDevices: hermod.v1.FetchDevices.$Shape; changeDevices?: null; putKeys?: null }|{ frame?: "changeDevices"; hello?: null; syncState?: null; createChat?: null; sendMessage?: null; changeRoster?: null; fetchRoster?: null; messageAck?: null; nack?: null; fetch?: null; fetchPrekeys?: null; fetchDevices?: null; changeDevices: hermod.v1.ChangeDevices.$Shape; putKeys?: null }|{ frame?: "putKeys"; hello?: null; syncState?: null; createChat?: null; sendMessage?: null; changeRoster?: null; fetchRoster?: null; messageAck?: null; nack?: null; fetch?: null; fetchPrekeys?: null; fetchDevices?: null; changeDevices?: null; putKeys: hermod.v1.PutKeys.$Shape })
            );
        }

        /** Represents a ServerFrame. */
        class ServerFrame {

            /**
             * Constructs a new ServerFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ServerFrame.$Properties);

            /** ServerFrame requestId. */
            requestId: number;

            /** ServerFrame welcome. */
            welcome: (hermod.v1.Welcome|null);

            /** ServerFrame serverAck. */
            serverAck: (hermod.v1.ServerAck|null);

            /** ServerFrame rosterMismatch. */
            rosterMismatch: (hermod.v1.RosterMismatch|null);

            /** ServerFrame outOfOrder. */
            outOfOrder: (hermod.v1.OutOfOrder|null);

            /** ServerFrame rosterConflict. */
            rosterConflict: (hermod.v1.RosterConflict|null);

            /** ServerFrame rosterPage. */
            rosterPage: (hermod.v1.RosterPage|null);

            /** ServerFrame deliver. */
            deliver: (hermod.v1.Deliver|null);

            /** ServerFrame skip. */
            skip: (hermod.v1.Skip|null);

            /** ServerFrame missed. */
            missed: (hermod.v1.Missed|null);

            /** ServerFrame receipt. */
            receipt: (hermod.v1.Receipt|null);

            /** ServerFrame caughtUp. */
            caughtUp: (hermod.v1.CaughtUp|null);

            /** ServerFrame live. */
            live: (hermod.v1.Live|null);

            /** ServerFrame readStored. */
            readStored: (hermod.v1.ReadStored|null);

            /** ServerFrame problem. */
            problem: (hermod.v1.Problem|null);

            /** ServerFrame prekeys. */
            prekeys: (hermod.v1.Prekeys|null);

            /** ServerFrame devices. */
            devices: (hermod.v1.Devices|null);

            /** ServerFrame devicesChanged. */
            devicesChanged: (hermod.v1.DevicesChanged|null);

            /** ServerFrame keysStored. */
            keysStored: (hermod.v1.KeysStored|null);

            /** ServerFrame prekeysLow. */
            prekeysLow: (hermod.v1.PrekeysLow|null);

            /** ServerFrame drain. */
            drain: (hermod.v1.Drain|null);

            /** ServerFrame fetched. */
            fetched: (hermod.v1.Fetched|null);

            /** ServerFrame frame. */
            frame?: ("welcome"|"serverAck"|"rosterMismatch"|"outOfOrder"|"rosterConflict"|"rosterPage"|"deliver"|"skip"|"missed"|"receipt"|"caughtUp"|"live"|"readStored"|"problem"|"prekeys"|"devices"|"devicesChanged"|"keysStored"|"prekeysLow"|"drain"|"fetched");

            /**
             * Encodes the specified ServerFrame message.
             * @param message ServerFrame message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ServerFrame.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ServerFrame message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ServerFrame & hermod.v1.ServerFrame.$Shape;
        }

        namespace ServerFrame {

            /** Properties of a ServerFrame. */
            interface $Properties {

                /** ServerFrame requestId */
                requestId?: number;

                /** ServerFrame welcome */
                welcome?: (hermod.v1.Welcome.$Properties|null);

                /** ServerFrame serverAck */
                serverAck?: (hermod.v1.ServerAck.$Properties|null);

                /** ServerFrame rosterMismatch */
                rosterMismatch?: (hermod.v1.RosterMismatch.$Properties|null);

                /** ServerFrame outOfOrder */
                outOfOrder?: (hermod.v1.OutOfOrder.$Properties|null);

                /** ServerFrame rosterConflict */
                rosterConflict?: (hermod.v1.RosterConflict.$Properties|null);

                /** ServerFrame rosterPage */
                rosterPage?: (hermod.v1.RosterPage.$Properties|null);

                /** ServerFrame deliver */
                deliver?: (hermod.v1.Deliver.$Properties|null);

                /** ServerFrame skip */
                skip?: (hermod.v1.Skip.$Properties|null);

                /** ServerFrame missed */
                missed?: (hermod.v1.Missed.$Properties|null);

                /** ServerFrame receipt */
                receipt?: (hermod.v1.Receipt.$Properties|null);

                /** ServerFrame caughtUp */
                caughtUp?: (hermod.v1.CaughtUp.$Properties|null);

                /** ServerFrame live */
                live?: (hermod.v1.Live.$Properties|null);

                /** ServerFrame readStored */
                readStored?: (hermod.v1.ReadStored.$Properties|null);

                /** ServerFrame problem */
                problem?: (hermod.v1.Problem.$Properties|null);

                /** ServerFrame prekeys */
                prekeys?: (hermod.v1.Prekeys.$Properties|null);

                /** ServerFrame devices */
                devices?: (hermod.v1.Devices.$Properties|null);

                /** ServerFrame devicesChanged */
                devicesChanged?: (hermod.v1.DevicesChanged.$Properties|null);

                /** ServerFrame keysStored */
                keysStored?: (hermod.v1.KeysStored.$Properties|null);

                /** ServerFrame prekeysLow */
                prekeysLow?: (hermod.v1.PrekeysLow.$Properties|null);

                /** ServerFrame drain */
                drain?: (hermod.v1.Drain.$Properties|null);

                /** ServerFrame fetched */
                fetched?: (hermod.v1.Fetched.$Properties|null);

                /** ServerFrame frame */
                frame?: ("welcome"|"serverAck"|"rosterMismatch"|"outOfOrder"|"rosterConflict"|"rosterPage"|"deliver"|"skip"|"missed"|"receipt"|"caughtUp"|"live"|"readStored"|"problem"|"prekeys"|"devices"|"devicesChanged"|"keysStored"|"prekeysLow"|"drain"|"fetched");
            }

            /** Narrowed shape of a ServerFrame. */
            type $Shape = {
              requestId?: number;
              welcome?: hermod.v1.Welcome.$Shape|null;
              serverAck?: hermod.v1.ServerAck.$Shape|null;
              rosterMismatch?: hermod.v1.RosterMismatch.$Shape|null;
              outOfOrder?: hermod.v1.OutOfOrder.$Shape|null;
              rosterConflict?: hermod.v1.RosterConflict.$Shape|null;
              rosterPage?: hermod.v1.RosterPage.$Shape|null;
              deliver?: hermod.v1.Deliver.$Shape|null;
              skip?: hermod.v1.Skip.$Shape|null;
              missed?: hermod.v1.Missed.$Shape|null;
              receipt?: hermod.v1.Receipt.$Shape|null;
              caughtUp?: hermod.v1.CaughtUp.$Shape|null;
              live?: hermod.v1.Live.$Shape|null;
              readStored?: hermod.v1.ReadStored.$Shape|null;
              problem?: hermod.v1.Problem.$Shape|null;
              prekeys?: hermod.v1.Prekeys.$Shape|null;
              devices?: hermod.v1.Devices.$Shape|null;
              devicesChanged?: hermod.v1.DevicesChanged.$Shape|null;
              keysStored?: hermod.v1.KeysStored.$Shape|null;
              prekeysLow?: hermod.v1.PrekeysLow.$Shape|null;
              drain?: hermod.v1.Drain.$Shape|null;
              fetched?: hermod.v1.Fetched.$Shape|null;
            } & (
              ({ frame?: undefined; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "welcome"; welcome: hermod.v1.Welcome.$Shape; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "serverAck"; welcome?: null; serverAck: hermod.v1.ServerAck.$Shape; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "rosterMismatch"; welcome?: null; serverAck?: null; rosterMismatch: hermod.v1.RosterMismatch.$Shape; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "outOfOrder"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder: hermod.v1.OutOfOrder.$Shape; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "rosterConflict"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict: hermod.v1.RosterConflict.$Shape; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "rosterPage"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage: hermod.v1.RosterPage.$Shape; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "deliver"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver: hermod.v1.Deliver.$Shape; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "skip"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip: hermod.v1.Skip.$Shape; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "missed"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed: hermod.v1.Missed.$Shape; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "receipt"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt: hermod.v1.Receipt.$Shape; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "caughtUp"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp: hermod.v1.CaughtUp.$Shape; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "live"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live: hermod.v1.Live.$Shape; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "readStored"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored: hermod.v1.ReadStored.$Shape; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "problem"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem: hermod.v1.Problem.$Shape; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "prekeys"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys: hermod.v1.Prekeys.$Shape; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "devices"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices: hermod.v1.Devices.$Shape; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "devicesChanged"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged: hermod.v1.DevicesChanged.$Shape; keysStored?: null; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "keysStored"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored: hermod.v1.KeysStored.$Shape; prekeysLow?: null; drain?: null; fetched?: null }|{ frame?: "prekeysLow"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow: hermod.v1.PrekeysLow.$Shape; drain?: null; fetched?: null }|{ frame?: "drain"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain: hermod.v1.Drain.$Shape; fetched?: null }|{ frame?: "fetched"; welcome?: null; serverAck?: null; rosterMismatch?: null; outOfOrder?: null; rosterConflict?: null; rosterPage?: null; deliver?: null; skip?: null; missed?: null; receipt?: null; caughtUp?: null; live?: null; readStored?: null; problem?: null; prekeys?: null; devices?: null; devicesChanged?: null; keysStored?: null; prekeysLow?: null; drain?: null; fetched: hermod.v1.Fetched.$Shape })
            );
        }

        /** Represents a Hello. */
        class Hello {

            /**
             * Constructs a new Hello.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Hello.$Properties);

            /** Hello credential. */
            credential: Uint8Array;

            /** Hello conn. */
            conn: bigint;

            /** Hello clientName. */
            clientName: string;

            /** Hello clientVersion. */
            clientVersion: string;

            /** Hello protocolMin. */
            protocolMin: number;

            /** Hello protocolMax. */
            protocolMax: number;

            /** Hello capabilities. */
            capabilities: string[];

            /**
             * Encodes the specified Hello message.
             * @param message Hello message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Hello.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Hello message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Hello & hermod.v1.Hello.$Shape;
        }

        namespace Hello {

            /** Properties of a Hello. */
            interface $Properties {

                /** Hello credential */
                credential?: Uint8Array;

                /** Hello conn */
                conn?: bigint;

                /** Hello clientName */
                clientName?: string;

                /** Hello clientVersion */
                clientVersion?: string;

                /** Hello protocolMin */
                protocolMin?: number;

                /** Hello protocolMax */
                protocolMax?: number;

                /** Hello capabilities */
                capabilities?: readonly string[];
            }

            /** Shape of a Hello. */
            type $Shape = hermod.v1.Hello.$Properties;
        }

        /** Represents a Welcome. */
        class Welcome {

            /**
             * Constructs a new Welcome.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Welcome.$Properties);

            /** Welcome serverTsMs. */
            serverTsMs: bigint;

            /** Welcome protocol. */
            protocol: number;

            /** Welcome limits. */
            limits: hermod.v1.ServerLimits;

            /**
             * Encodes the specified Welcome message.
             * @param message Welcome message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Welcome.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Welcome message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Welcome & hermod.v1.Welcome.$Shape;
        }

        namespace Welcome {

            /** Properties of a Welcome. */
            interface $Properties {

                /** Welcome serverTsMs */
                serverTsMs?: bigint;

                /** Welcome protocol */
                protocol?: number;

                /** Welcome limits */
                limits?: hermod.v1.ServerLimits.$Properties;
            }

            /** Shape of a Welcome. */
            type $Shape = hermod.v1.Welcome.$Properties;
        }

        /** Represents a ServerLimits. */
        class ServerLimits {

            /**
             * Constructs a new ServerLimits.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ServerLimits.$Properties);

            /** ServerLimits frameBytesMax. */
            frameBytesMax: number;

            /** ServerLimits entryBytesMax. */
            entryBytesMax: number;

            /** ServerLimits sendsInFlightMax. */
            sendsInFlightMax: number;

            /** ServerLimits syncChatsMax. */
            syncChatsMax: number;

            /** ServerLimits windowEntries. */
            windowEntries: number;

            /** ServerLimits windowBytes. */
            windowBytes: number;

            /**
             * Encodes the specified ServerLimits message.
             * @param message ServerLimits message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ServerLimits.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ServerLimits message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ServerLimits & hermod.v1.ServerLimits.$Shape;
        }

        namespace ServerLimits {

            /** Properties of a ServerLimits. */
            interface $Properties {

                /** ServerLimits frameBytesMax */
                frameBytesMax?: number;

                /** ServerLimits entryBytesMax */
                entryBytesMax?: number;

                /** ServerLimits sendsInFlightMax */
                sendsInFlightMax?: number;

                /** ServerLimits syncChatsMax */
                syncChatsMax?: number;

                /** ServerLimits windowEntries */
                windowEntries?: number;

                /** ServerLimits windowBytes */
                windowBytes?: number;
            }

            /** Shape of a ServerLimits. */
            type $Shape = hermod.v1.ServerLimits.$Properties;
        }

        /** Represents a SyncState. */
        class SyncState {

            /**
             * Constructs a new SyncState.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.SyncState.$Properties);

            /** SyncState chats. */
            chats: hermod.v1.SyncChatState[];

            /** SyncState readPending. */
            readPending: hermod.v1.ReadMark[];

            /** SyncState more. */
            more: boolean;

            /**
             * Encodes the specified SyncState message.
             * @param message SyncState message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.SyncState.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a SyncState message.
             */
            static decode(bytes: Uint8Array): hermod.v1.SyncState & hermod.v1.SyncState.$Shape;
        }

        namespace SyncState {

            /** Properties of a SyncState. */
            interface $Properties {

                /** SyncState chats */
                chats?: readonly hermod.v1.SyncChatState.$Properties[];

                /** SyncState readPending */
                readPending?: readonly hermod.v1.ReadMark.$Properties[];

                /** SyncState more */
                more?: boolean;
            }

            /** Shape of a SyncState. */
            type $Shape = hermod.v1.SyncState.$Properties;
        }

        /** Represents a SyncChatState. */
        class SyncChatState {

            /**
             * Constructs a new SyncChatState.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.SyncChatState.$Properties);

            /** SyncChatState chatId. */
            chatId: Uint8Array;

            /** SyncChatState last. */
            last: bigint;

            /** SyncChatState full. */
            full: boolean;

            /**
             * Encodes the specified SyncChatState message.
             * @param message SyncChatState message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.SyncChatState.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a SyncChatState message.
             */
            static decode(bytes: Uint8Array): hermod.v1.SyncChatState & hermod.v1.SyncChatState.$Shape;
        }

        namespace SyncChatState {

            /** Properties of a SyncChatState. */
            interface $Properties {

                /** SyncChatState chatId */
                chatId?: Uint8Array;

                /** SyncChatState last */
                last?: bigint;

                /** SyncChatState full */
                full?: boolean;
            }

            /** Shape of a SyncChatState. */
            type $Shape = hermod.v1.SyncChatState.$Properties;
        }

        /** Represents a ReadMark. */
        class ReadMark {

            /**
             * Constructs a new ReadMark.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ReadMark.$Properties);

            /** ReadMark chatId. */
            chatId: Uint8Array;

            /** ReadMark through. */
            through: bigint;

            /**
             * Encodes the specified ReadMark message.
             * @param message ReadMark message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ReadMark.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ReadMark message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ReadMark & hermod.v1.ReadMark.$Shape;
        }

        namespace ReadMark {

            /** Properties of a ReadMark. */
            interface $Properties {

                /** ReadMark chatId */
                chatId?: Uint8Array;

                /** ReadMark through */
                through?: bigint;
            }

            /** Shape of a ReadMark. */
            type $Shape = hermod.v1.ReadMark.$Properties;
        }

        /** Represents a CreateChat. */
        class CreateChat {

            /**
             * Constructs a new CreateChat.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.CreateChat.$Properties);

            /** CreateChat genesis. */
            genesis: Uint8Array;

            /**
             * Encodes the specified CreateChat message.
             * @param message CreateChat message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.CreateChat.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a CreateChat message.
             */
            static decode(bytes: Uint8Array): hermod.v1.CreateChat & hermod.v1.CreateChat.$Shape;
        }

        namespace CreateChat {

            /** Properties of a CreateChat. */
            interface $Properties {

                /** CreateChat genesis */
                genesis?: Uint8Array;
            }

            /** Shape of a CreateChat. */
            type $Shape = hermod.v1.CreateChat.$Properties;
        }

        /** Represents a SendMessage. */
        class SendMessage {

            /**
             * Constructs a new SendMessage.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.SendMessage.$Properties);

            /** SendMessage envelope. */
            envelope: Uint8Array;

            /**
             * Encodes the specified SendMessage message.
             * @param message SendMessage message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.SendMessage.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a SendMessage message.
             */
            static decode(bytes: Uint8Array): hermod.v1.SendMessage & hermod.v1.SendMessage.$Shape;
        }

        namespace SendMessage {

            /** Properties of a SendMessage. */
            interface $Properties {

                /** SendMessage envelope */
                envelope?: Uint8Array;
            }

            /** Shape of a SendMessage. */
            type $Shape = hermod.v1.SendMessage.$Properties;
        }

        /** Represents an Envelope. */
        class Envelope {

            /**
             * Constructs a new Envelope.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Envelope.$Properties);

            /** Envelope format. */
            format: number;

            /** Envelope chatId. */
            chatId: Uint8Array;

            /** Envelope counter. */
            counter: bigint;

            /** Envelope clientMsgId. */
            clientMsgId: Uint8Array;

            /** Envelope kind. */
            kind: hermod.v1.EntryKind;

            /** Envelope scope. */
            scope: hermod.v1.Scope;

            /** Envelope rosterSeq. */
            rosterSeq: bigint;

            /** Envelope rosterHash. */
            rosterHash: Uint8Array;

            /** Envelope refersTo. */
            refersTo: hermod.v1.EntryRef;

            /** Envelope timerMs. */
            timerMs: bigint;

            /** Envelope urgent. */
            urgent: boolean;

            /** Envelope commitment. */
            commitment: Uint8Array;

            /** Envelope shared. */
            shared: hermod.v1.Body;

            /** Envelope bodies. */
            bodies: hermod.v1.DeviceBody[];

            /**
             * Encodes the specified Envelope message.
             * @param message Envelope message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Envelope.$Properties): { finish(): Uint8Array };

            /**
             * Decodes an Envelope message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Envelope & hermod.v1.Envelope.$Shape;
        }

        namespace Envelope {

            /** Properties of an Envelope. */
            interface $Properties {

                /** Envelope format */
                format?: number;

                /** Envelope chatId */
                chatId?: Uint8Array;

                /** Envelope counter */
                counter?: bigint;

                /** Envelope clientMsgId */
                clientMsgId?: Uint8Array;

                /** Envelope kind */
                kind?: hermod.v1.EntryKind;

                /** Envelope scope */
                scope?: hermod.v1.Scope;

                /** Envelope rosterSeq */
                rosterSeq?: bigint;

                /** Envelope rosterHash */
                rosterHash?: Uint8Array;

                /** Envelope refersTo */
                refersTo?: hermod.v1.EntryRef.$Properties;

                /** Envelope timerMs */
                timerMs?: bigint;

                /** Envelope urgent */
                urgent?: boolean;

                /** Envelope commitment */
                commitment?: Uint8Array;

                /** Envelope shared */
                shared?: hermod.v1.Body.$Properties;

                /** Envelope bodies */
                bodies?: readonly hermod.v1.DeviceBody.$Properties[];
            }

            /** Shape of an Envelope. */
            type $Shape = hermod.v1.Envelope.$Properties;
        }

        /** Represents a Body. */
        class Body {

            /**
             * Constructs a new Body.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Body.$Properties);

            /** Body type. */
            type: hermod.v1.BodyType;

            /** Body bytes. */
            bytes: Uint8Array;

            /**
             * Encodes the specified Body message.
             * @param message Body message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Body.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Body message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Body & hermod.v1.Body.$Shape;
        }

        namespace Body {

            /** Properties of a Body. */
            interface $Properties {

                /** Body type */
                type?: hermod.v1.BodyType;

                /** Body bytes */
                bytes?: Uint8Array;
            }

            /** Shape of a Body. */
            type $Shape = hermod.v1.Body.$Properties;
        }

        /** Represents a DeviceBody. */
        class DeviceBody {

            /**
             * Constructs a new DeviceBody.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.DeviceBody.$Properties);

            /** DeviceBody device. */
            device: Uint8Array;

            /** DeviceBody type. */
            type: hermod.v1.BodyType;

            /** DeviceBody bytes. */
            bytes: Uint8Array;

            /**
             * Encodes the specified DeviceBody message.
             * @param message DeviceBody message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.DeviceBody.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a DeviceBody message.
             */
            static decode(bytes: Uint8Array): hermod.v1.DeviceBody & hermod.v1.DeviceBody.$Shape;
        }

        namespace DeviceBody {

            /** Properties of a DeviceBody. */
            interface $Properties {

                /** DeviceBody device */
                device?: Uint8Array;

                /** DeviceBody type */
                type?: hermod.v1.BodyType;

                /** DeviceBody bytes */
                bytes?: Uint8Array;
            }

            /** Shape of a DeviceBody. */
            type $Shape = hermod.v1.DeviceBody.$Properties;
        }

        /** Represents an EntryRef. */
        class EntryRef {

            /**
             * Constructs a new EntryRef.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.EntryRef.$Properties);

            /** EntryRef account. */
            account: Uint8Array;

            /** EntryRef clientMsgId. */
            clientMsgId: Uint8Array;

            /** EntryRef seq. */
            seq: bigint;

            /**
             * Encodes the specified EntryRef message.
             * @param message EntryRef message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.EntryRef.$Properties): { finish(): Uint8Array };

            /**
             * Decodes an EntryRef message.
             */
            static decode(bytes: Uint8Array): hermod.v1.EntryRef & hermod.v1.EntryRef.$Shape;
        }

        namespace EntryRef {

            /** Properties of an EntryRef. */
            interface $Properties {

                /** EntryRef account */
                account?: Uint8Array;

                /** EntryRef clientMsgId */
                clientMsgId?: Uint8Array;

                /** EntryRef seq */
                seq?: bigint;
            }

            /** Shape of an EntryRef. */
            type $Shape = hermod.v1.EntryRef.$Properties;
        }

        /** EntryKind enum. */
        enum EntryKind {

            /** ENTRY_KIND_UNSPECIFIED value */
            ENTRY_KIND_UNSPECIFIED = 0,

            /** ENTRY_KIND_MESSAGE value */
            ENTRY_KIND_MESSAGE = 1,

            /** ENTRY_KIND_EDIT value */
            ENTRY_KIND_EDIT = 2,

            /** ENTRY_KIND_DELETE value */
            ENTRY_KIND_DELETE = 3,

            /** ENTRY_KIND_MEMBERSHIP value */
            ENTRY_KIND_MEMBERSHIP = 4,

            /** ENTRY_KIND_DEVICES value */
            ENTRY_KIND_DEVICES = 5,

            /** ENTRY_KIND_TIMER value */
            ENTRY_KIND_TIMER = 6,

            /** ENTRY_KIND_GENESIS value */
            ENTRY_KIND_GENESIS = 7,

            /** ENTRY_KIND_DISTRIBUTION value */
            ENTRY_KIND_DISTRIBUTION = 8,

            /** ENTRY_KIND_RESEND value */
            ENTRY_KIND_RESEND = 9,

            /** ENTRY_KIND_RETRY_REQUEST value */
            ENTRY_KIND_RETRY_REQUEST = 10,

            /** ENTRY_KIND_SYNC value */
            ENTRY_KIND_SYNC = 11
        }

        /** Scope enum. */
        enum Scope {

            /** SCOPE_UNSPECIFIED value */
            SCOPE_UNSPECIFIED = 0,

            /** SCOPE_ALL value */
            SCOPE_ALL = 1,

            /** SCOPE_SUBSET value */
            SCOPE_SUBSET = 2
        }

        /** BodyType enum. */
        enum BodyType {

            /** BODY_TYPE_UNSPECIFIED value */
            BODY_TYPE_UNSPECIFIED = 0,

            /** BODY_TYPE_NONE value */
            BODY_TYPE_NONE = 1,

            /** BODY_TYPE_WHISPER value */
            BODY_TYPE_WHISPER = 2,

            /** BODY_TYPE_PREKEY value */
            BODY_TYPE_PREKEY = 3,

            /** BODY_TYPE_SENDERKEY value */
            BODY_TYPE_SENDERKEY = 4,

            /** BODY_TYPE_SIGNED value */
            BODY_TYPE_SIGNED = 5,

            /** BODY_TYPE_TOLD value */
            BODY_TYPE_TOLD = 6
        }

        /** Represents a ServerAck. */
        class ServerAck {

            /**
             * Constructs a new ServerAck.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ServerAck.$Properties);

            /** ServerAck chatId. */
            chatId: Uint8Array;

            /** ServerAck clientMsgId. */
            clientMsgId: Uint8Array;

            /** ServerAck counter. */
            counter: bigint;

            /** ServerAck seq. */
            seq: bigint;

            /** ServerAck serverTsMs. */
            serverTsMs: bigint;

            /** ServerAck hash. */
            hash: Uint8Array;

            /** ServerAck existing. */
            existing: boolean;

            /**
             * Encodes the specified ServerAck message.
             * @param message ServerAck message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ServerAck.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ServerAck message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ServerAck & hermod.v1.ServerAck.$Shape;
        }

        namespace ServerAck {

            /** Properties of a ServerAck. */
            interface $Properties {

                /** ServerAck chatId */
                chatId?: Uint8Array;

                /** ServerAck clientMsgId */
                clientMsgId?: Uint8Array;

                /** ServerAck counter */
                counter?: bigint;

                /** ServerAck seq */
                seq?: bigint;

                /** ServerAck serverTsMs */
                serverTsMs?: bigint;

                /** ServerAck hash */
                hash?: Uint8Array;

                /** ServerAck existing */
                existing?: boolean;
            }

            /** Shape of a ServerAck. */
            type $Shape = hermod.v1.ServerAck.$Properties;
        }

        /** Represents a RosterMismatch. */
        class RosterMismatch {

            /**
             * Constructs a new RosterMismatch.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.RosterMismatch.$Properties);

            /** RosterMismatch chatId. */
            chatId: Uint8Array;

            /** RosterMismatch counter. */
            counter: bigint;

            /** RosterMismatch rosterSeq. */
            rosterSeq: bigint;

            /** RosterMismatch changes. */
            changes: hermod.v1.Deliver[];

            /** RosterMismatch more. */
            more: boolean;

            /**
             * Encodes the specified RosterMismatch message.
             * @param message RosterMismatch message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.RosterMismatch.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a RosterMismatch message.
             */
            static decode(bytes: Uint8Array): hermod.v1.RosterMismatch & hermod.v1.RosterMismatch.$Shape;
        }

        namespace RosterMismatch {

            /** Properties of a RosterMismatch. */
            interface $Properties {

                /** RosterMismatch chatId */
                chatId?: Uint8Array;

                /** RosterMismatch counter */
                counter?: bigint;

                /** RosterMismatch rosterSeq */
                rosterSeq?: bigint;

                /** RosterMismatch changes */
                changes?: readonly hermod.v1.Deliver.$Properties[];

                /** RosterMismatch more */
                more?: boolean;
            }

            /** Shape of a RosterMismatch. */
            type $Shape = hermod.v1.RosterMismatch.$Properties;
        }

        /** Represents an OutOfOrder. */
        class OutOfOrder {

            /**
             * Constructs a new OutOfOrder.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.OutOfOrder.$Properties);

            /** OutOfOrder chatId. */
            chatId: Uint8Array;

            /** OutOfOrder counter. */
            counter: bigint;

            /** OutOfOrder expected. */
            expected: bigint;

            /**
             * Encodes the specified OutOfOrder message.
             * @param message OutOfOrder message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.OutOfOrder.$Properties): { finish(): Uint8Array };

            /**
             * Decodes an OutOfOrder message.
             */
            static decode(bytes: Uint8Array): hermod.v1.OutOfOrder & hermod.v1.OutOfOrder.$Shape;
        }

        namespace OutOfOrder {

            /** Properties of an OutOfOrder. */
            interface $Properties {

                /** OutOfOrder chatId */
                chatId?: Uint8Array;

                /** OutOfOrder counter */
                counter?: bigint;

                /** OutOfOrder expected */
                expected?: bigint;
            }

            /** Shape of an OutOfOrder. */
            type $Shape = hermod.v1.OutOfOrder.$Properties;
        }

        /** Represents a RosterConflict. */
        class RosterConflict {

            /**
             * Constructs a new RosterConflict.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.RosterConflict.$Properties);

            /** RosterConflict chatId. */
            chatId: Uint8Array;

            /** RosterConflict rosterSeq. */
            rosterSeq: bigint;

            /** RosterConflict head. */
            head: Uint8Array;

            /**
             * Encodes the specified RosterConflict message.
             * @param message RosterConflict message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.RosterConflict.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a RosterConflict message.
             */
            static decode(bytes: Uint8Array): hermod.v1.RosterConflict & hermod.v1.RosterConflict.$Shape;
        }

        namespace RosterConflict {

            /** Properties of a RosterConflict. */
            interface $Properties {

                /** RosterConflict chatId */
                chatId?: Uint8Array;

                /** RosterConflict rosterSeq */
                rosterSeq?: bigint;

                /** RosterConflict head */
                head?: Uint8Array;
            }

            /** Shape of a RosterConflict. */
            type $Shape = hermod.v1.RosterConflict.$Properties;
        }

        /** Represents a ChangeRoster. */
        class ChangeRoster {

            /**
             * Constructs a new ChangeRoster.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ChangeRoster.$Properties);

            /** ChangeRoster chatId. */
            chatId: Uint8Array;

            /** ChangeRoster signed. */
            signed: Uint8Array;

            /**
             * Encodes the specified ChangeRoster message.
             * @param message ChangeRoster message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ChangeRoster.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ChangeRoster message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ChangeRoster & hermod.v1.ChangeRoster.$Shape;
        }

        namespace ChangeRoster {

            /** Properties of a ChangeRoster. */
            interface $Properties {

                /** ChangeRoster chatId */
                chatId?: Uint8Array;

                /** ChangeRoster signed */
                signed?: Uint8Array;
            }

            /** Shape of a ChangeRoster. */
            type $Shape = hermod.v1.ChangeRoster.$Properties;
        }

        /** Represents a FetchRoster. */
        class FetchRoster {

            /**
             * Constructs a new FetchRoster.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.FetchRoster.$Properties);

            /** FetchRoster chatId. */
            chatId: Uint8Array;

            /** FetchRoster fromSeq. */
            fromSeq: bigint;

            /**
             * Encodes the specified FetchRoster message.
             * @param message FetchRoster message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.FetchRoster.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a FetchRoster message.
             */
            static decode(bytes: Uint8Array): hermod.v1.FetchRoster & hermod.v1.FetchRoster.$Shape;
        }

        namespace FetchRoster {

            /** Properties of a FetchRoster. */
            interface $Properties {

                /** FetchRoster chatId */
                chatId?: Uint8Array;

                /** FetchRoster fromSeq */
                fromSeq?: bigint;
            }

            /** Shape of a FetchRoster. */
            type $Shape = hermod.v1.FetchRoster.$Properties;
        }

        /** Represents a RosterPage. */
        class RosterPage {

            /**
             * Constructs a new RosterPage.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.RosterPage.$Properties);

            /** RosterPage chatId. */
            chatId: Uint8Array;

            /** RosterPage entries. */
            entries: hermod.v1.Deliver[];

            /** RosterPage more. */
            more: boolean;

            /**
             * Encodes the specified RosterPage message.
             * @param message RosterPage message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.RosterPage.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a RosterPage message.
             */
            static decode(bytes: Uint8Array): hermod.v1.RosterPage & hermod.v1.RosterPage.$Shape;
        }

        namespace RosterPage {

            /** Properties of a RosterPage. */
            interface $Properties {

                /** RosterPage chatId */
                chatId?: Uint8Array;

                /** RosterPage entries */
                entries?: readonly hermod.v1.Deliver.$Properties[];

                /** RosterPage more */
                more?: boolean;
            }

            /** Shape of a RosterPage. */
            type $Shape = hermod.v1.RosterPage.$Properties;
        }

        /** Represents a Deliver. */
        class Deliver {

            /**
             * Constructs a new Deliver.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Deliver.$Properties);

            /** Deliver chatId. */
            chatId: Uint8Array;

            /** Deliver seq. */
            seq: bigint;

            /** Deliver prev. */
            prev: bigint;

            /** Deliver senderAccount. */
            senderAccount: Uint8Array;

            /** Deliver senderDevice. */
            senderDevice: Uint8Array;

            /** Deliver kind. */
            kind: hermod.v1.EntryKind;

            /** Deliver scope. */
            scope: hermod.v1.Scope;

            /** Deliver clientMsgId. */
            clientMsgId: Uint8Array;

            /** Deliver counter. */
            counter: bigint;

            /** Deliver serverTsMs. */
            serverTsMs: bigint;

            /** Deliver rosterSeq. */
            rosterSeq: bigint;

            /** Deliver rosterHash. */
            rosterHash: Uint8Array;

            /** Deliver refersTo. */
            refersTo: hermod.v1.EntryRef;

            /** Deliver body. */
            body: hermod.v1.Body;

            /** Deliver replay. */
            replay: boolean;

            /** Deliver frankTag. */
            frankTag: Uint8Array;

            /** Deliver commitment. */
            commitment: Uint8Array;

            /** Deliver hash. */
            hash: Uint8Array;

            /**
             * Encodes the specified Deliver message.
             * @param message Deliver message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Deliver.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Deliver message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Deliver & hermod.v1.Deliver.$Shape;
        }

        namespace Deliver {

            /** Properties of a Deliver. */
            interface $Properties {

                /** Deliver chatId */
                chatId?: Uint8Array;

                /** Deliver seq */
                seq?: bigint;

                /** Deliver prev */
                prev?: bigint;

                /** Deliver senderAccount */
                senderAccount?: Uint8Array;

                /** Deliver senderDevice */
                senderDevice?: Uint8Array;

                /** Deliver kind */
                kind?: hermod.v1.EntryKind;

                /** Deliver scope */
                scope?: hermod.v1.Scope;

                /** Deliver clientMsgId */
                clientMsgId?: Uint8Array;

                /** Deliver counter */
                counter?: bigint;

                /** Deliver serverTsMs */
                serverTsMs?: bigint;

                /** Deliver rosterSeq */
                rosterSeq?: bigint;

                /** Deliver rosterHash */
                rosterHash?: Uint8Array;

                /** Deliver refersTo */
                refersTo?: hermod.v1.EntryRef.$Properties;

                /** Deliver body */
                body?: hermod.v1.Body.$Properties;

                /** Deliver replay */
                replay?: boolean;

                /** Deliver frankTag */
                frankTag?: Uint8Array;

                /** Deliver commitment */
                commitment?: Uint8Array;

                /** Deliver hash */
                hash?: Uint8Array;
            }

            /** Shape of a Deliver. */
            type $Shape = hermod.v1.Deliver.$Properties;
        }

        /** Represents a Skip. */
        class Skip {

            /**
             * Constructs a new Skip.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Skip.$Properties);

            /** Skip chatId. */
            chatId: Uint8Array;

            /** Skip from. */
            from: bigint;

            /** Skip to. */
            to: bigint;

            /** Skip prev. */
            prev: bigint;

            /**
             * Encodes the specified Skip message.
             * @param message Skip message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Skip.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Skip message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Skip & hermod.v1.Skip.$Shape;
        }

        namespace Skip {

            /** Properties of a Skip. */
            interface $Properties {

                /** Skip chatId */
                chatId?: Uint8Array;

                /** Skip from */
                from?: bigint;

                /** Skip to */
                to?: bigint;

                /** Skip prev */
                prev?: bigint;
            }

            /** Shape of a Skip. */
            type $Shape = hermod.v1.Skip.$Properties;
        }

        /** Represents a Missed. */
        class Missed {

            /**
             * Constructs a new Missed.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Missed.$Properties);

            /** Missed chatId. */
            chatId: Uint8Array;

            /** Missed from. */
            from: bigint;

            /** Missed to. */
            to: bigint;

            /** Missed why. */
            why: hermod.v1.MissedWhy;

            /** Missed prev. */
            prev: bigint;

            /**
             * Encodes the specified Missed message.
             * @param message Missed message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Missed.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Missed message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Missed & hermod.v1.Missed.$Shape;
        }

        namespace Missed {

            /** Properties of a Missed. */
            interface $Properties {

                /** Missed chatId */
                chatId?: Uint8Array;

                /** Missed from */
                from?: bigint;

                /** Missed to */
                to?: bigint;

                /** Missed why */
                why?: hermod.v1.MissedWhy;

                /** Missed prev */
                prev?: bigint;
            }

            /** Shape of a Missed. */
            type $Shape = hermod.v1.Missed.$Properties;
        }

        /** MissedWhy enum. */
        enum MissedWhy {

            /** MISSED_WHY_UNSPECIFIED value */
            MISSED_WHY_UNSPECIFIED = 0,

            /** MISSED_WHY_RETENTION value */
            MISSED_WHY_RETENTION = 1,

            /** MISSED_WHY_EXPIRED value */
            MISSED_WHY_EXPIRED = 2,

            /** MISSED_WHY_TRIMMED value */
            MISSED_WHY_TRIMMED = 3,

            /** MISSED_WHY_PARKED value */
            MISSED_WHY_PARKED = 4,

            /** MISSED_WHY_CAP value */
            MISSED_WHY_CAP = 5
        }

        /** Represents a MessageAck. */
        class MessageAck {

            /**
             * Constructs a new MessageAck.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.MessageAck.$Properties);

            /** MessageAck chatId. */
            chatId: Uint8Array;

            /** MessageAck through. */
            through: bigint;

            /** MessageAck status. */
            status: hermod.v1.AckStatus;

            /** MessageAck except. */
            except: hermod.v1.SequenceRange[];

            /**
             * Encodes the specified MessageAck message.
             * @param message MessageAck message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.MessageAck.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a MessageAck message.
             */
            static decode(bytes: Uint8Array): hermod.v1.MessageAck & hermod.v1.MessageAck.$Shape;
        }

        namespace MessageAck {

            /** Properties of a MessageAck. */
            interface $Properties {

                /** MessageAck chatId */
                chatId?: Uint8Array;

                /** MessageAck through */
                through?: bigint;

                /** MessageAck status */
                status?: hermod.v1.AckStatus;

                /** MessageAck except */
                except?: readonly hermod.v1.SequenceRange.$Properties[];
            }

            /** Shape of a MessageAck. */
            type $Shape = hermod.v1.MessageAck.$Properties;
        }

        /** AckStatus enum. */
        enum AckStatus {

            /** ACK_STATUS_UNSPECIFIED value */
            ACK_STATUS_UNSPECIFIED = 0,

            /** ACK_STATUS_DELIVERED value */
            ACK_STATUS_DELIVERED = 1,

            /** ACK_STATUS_READ value */
            ACK_STATUS_READ = 2,

            /** ACK_STATUS_RECEIVED value */
            ACK_STATUS_RECEIVED = 3
        }

        /** Represents a SequenceRange. */
        class SequenceRange {

            /**
             * Constructs a new SequenceRange.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.SequenceRange.$Properties);

            /** SequenceRange from. */
            from: bigint;

            /** SequenceRange to. */
            to: bigint;

            /**
             * Encodes the specified SequenceRange message.
             * @param message SequenceRange message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.SequenceRange.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a SequenceRange message.
             */
            static decode(bytes: Uint8Array): hermod.v1.SequenceRange & hermod.v1.SequenceRange.$Shape;
        }

        namespace SequenceRange {

            /** Properties of a SequenceRange. */
            interface $Properties {

                /** SequenceRange from */
                from?: bigint;

                /** SequenceRange to */
                to?: bigint;
            }

            /** Shape of a SequenceRange. */
            type $Shape = hermod.v1.SequenceRange.$Properties;
        }

        /** Represents a Nack. */
        class Nack {

            /**
             * Constructs a new Nack.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Nack.$Properties);

            /** Nack chatId. */
            chatId: Uint8Array;

            /** Nack seq. */
            seq: bigint;

            /** Nack reason. */
            reason: string;

            /**
             * Encodes the specified Nack message.
             * @param message Nack message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Nack.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Nack message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Nack & hermod.v1.Nack.$Shape;
        }

        namespace Nack {

            /** Properties of a Nack. */
            interface $Properties {

                /** Nack chatId */
                chatId?: Uint8Array;

                /** Nack seq */
                seq?: bigint;

                /** Nack reason */
                reason?: string;
            }

            /** Shape of a Nack. */
            type $Shape = hermod.v1.Nack.$Properties;
        }

        /** Represents a Fetch. */
        class Fetch {

            /**
             * Constructs a new Fetch.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Fetch.$Properties);

            /** Fetch chatId. */
            chatId: Uint8Array;

            /** Fetch from. */
            from: bigint;

            /** Fetch to. */
            to: bigint;

            /**
             * Encodes the specified Fetch message.
             * @param message Fetch message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Fetch.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Fetch message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Fetch & hermod.v1.Fetch.$Shape;
        }

        namespace Fetch {

            /** Properties of a Fetch. */
            interface $Properties {

                /** Fetch chatId */
                chatId?: Uint8Array;

                /** Fetch from */
                from?: bigint;

                /** Fetch to */
                to?: bigint;
            }

            /** Shape of a Fetch. */
            type $Shape = hermod.v1.Fetch.$Properties;
        }

        /** Represents a Fetched. */
        class Fetched {

            /**
             * Constructs a new Fetched.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Fetched.$Properties);

            /** Fetched chatId. */
            chatId: Uint8Array;

            /** Fetched from. */
            from: bigint;

            /** Fetched to. */
            to: bigint;

            /**
             * Encodes the specified Fetched message.
             * @param message Fetched message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Fetched.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Fetched message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Fetched & hermod.v1.Fetched.$Shape;
        }

        namespace Fetched {

            /** Properties of a Fetched. */
            interface $Properties {

                /** Fetched chatId */
                chatId?: Uint8Array;

                /** Fetched from */
                from?: bigint;

                /** Fetched to */
                to?: bigint;
            }

            /** Shape of a Fetched. */
            type $Shape = hermod.v1.Fetched.$Properties;
        }

        /** Represents a Receipt. */
        class Receipt {

            /**
             * Constructs a new Receipt.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Receipt.$Properties);

            /** Receipt chatId. */
            chatId: Uint8Array;

            /** Receipt account. */
            account: Uint8Array;

            /** Receipt device. */
            device: Uint8Array;

            /** Receipt deliveredThrough. */
            deliveredThrough: bigint;

            /** Receipt readThrough. */
            readThrough: bigint;

            /** Receipt except. */
            except: hermod.v1.SequenceRange[];

            /**
             * Encodes the specified Receipt message.
             * @param message Receipt message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Receipt.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Receipt message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Receipt & hermod.v1.Receipt.$Shape;
        }

        namespace Receipt {

            /** Properties of a Receipt. */
            interface $Properties {

                /** Receipt chatId */
                chatId?: Uint8Array;

                /** Receipt account */
                account?: Uint8Array;

                /** Receipt device */
                device?: Uint8Array;

                /** Receipt deliveredThrough */
                deliveredThrough?: bigint;

                /** Receipt readThrough */
                readThrough?: bigint;

                /** Receipt except */
                except?: readonly hermod.v1.SequenceRange.$Properties[];
            }

            /** Shape of a Receipt. */
            type $Shape = hermod.v1.Receipt.$Properties;
        }

        /** Represents a CaughtUp. */
        class CaughtUp {

            /**
             * Constructs a new CaughtUp.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.CaughtUp.$Properties);

            /** CaughtUp chatId. */
            chatId: Uint8Array;

            /**
             * Encodes the specified CaughtUp message.
             * @param message CaughtUp message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.CaughtUp.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a CaughtUp message.
             */
            static decode(bytes: Uint8Array): hermod.v1.CaughtUp & hermod.v1.CaughtUp.$Shape;
        }

        namespace CaughtUp {

            /** Properties of a CaughtUp. */
            interface $Properties {

                /** CaughtUp chatId */
                chatId?: Uint8Array;
            }

            /** Shape of a CaughtUp. */
            type $Shape = hermod.v1.CaughtUp.$Properties;
        }

        /** Represents a Live. */
        class Live {

            /**
             * Constructs a new Live.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Live.$Properties);

            /**
             * Encodes the specified Live message.
             * @param message Live message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Live.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Live message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Live & hermod.v1.Live.$Shape;
        }

        namespace Live {

            /** Properties of a Live. */
            interface $Properties {
            }

            /** Shape of a Live. */
            type $Shape = hermod.v1.Live.$Properties;
        }

        /** Represents a ReadStored. */
        class ReadStored {

            /**
             * Constructs a new ReadStored.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ReadStored.$Properties);

            /** ReadStored chatId. */
            chatId: Uint8Array;

            /** ReadStored through. */
            through: bigint;

            /**
             * Encodes the specified ReadStored message.
             * @param message ReadStored message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ReadStored.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ReadStored message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ReadStored & hermod.v1.ReadStored.$Shape;
        }

        namespace ReadStored {

            /** Properties of a ReadStored. */
            interface $Properties {

                /** ReadStored chatId */
                chatId?: Uint8Array;

                /** ReadStored through */
                through?: bigint;
            }

            /** Shape of a ReadStored. */
            type $Shape = hermod.v1.ReadStored.$Properties;
        }

        /** Represents a FetchPrekeys. */
        class FetchPrekeys {

            /**
             * Constructs a new FetchPrekeys.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.FetchPrekeys.$Properties);

            /** FetchPrekeys accounts. */
            accounts: Uint8Array[];

            /** FetchPrekeys devices. */
            devices: Uint8Array[];

            /**
             * Encodes the specified FetchPrekeys message.
             * @param message FetchPrekeys message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.FetchPrekeys.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a FetchPrekeys message.
             */
            static decode(bytes: Uint8Array): hermod.v1.FetchPrekeys & hermod.v1.FetchPrekeys.$Shape;
        }

        namespace FetchPrekeys {

            /** Properties of a FetchPrekeys. */
            interface $Properties {

                /** FetchPrekeys accounts */
                accounts?: readonly Uint8Array[];

                /** FetchPrekeys devices */
                devices?: readonly Uint8Array[];
            }

            /** Shape of a FetchPrekeys. */
            type $Shape = hermod.v1.FetchPrekeys.$Properties;
        }

        /** Represents a Prekeys. */
        class Prekeys {

            /**
             * Constructs a new Prekeys.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Prekeys.$Properties);

            /** Prekeys bundles. */
            bundles: hermod.v1.Bundle[];

            /** Prekeys more. */
            more: boolean;

            /** Prekeys limited. */
            limited: Uint8Array[];

            /**
             * Encodes the specified Prekeys message.
             * @param message Prekeys message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Prekeys.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Prekeys message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Prekeys & hermod.v1.Prekeys.$Shape;
        }

        namespace Prekeys {

            /** Properties of a Prekeys. */
            interface $Properties {

                /** Prekeys bundles */
                bundles?: readonly hermod.v1.Bundle.$Properties[];

                /** Prekeys more */
                more?: boolean;

                /** Prekeys limited */
                limited?: readonly Uint8Array[];
            }

            /** Shape of a Prekeys. */
            type $Shape = hermod.v1.Prekeys.$Properties;
        }

        /** Represents a Bundle. */
        class Bundle {

            /**
             * Constructs a new Bundle.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Bundle.$Properties);

            /** Bundle account. */
            account: Uint8Array;

            /** Bundle device. */
            device: Uint8Array;

            /** Bundle registrationId. */
            registrationId: number;

            /** Bundle signedPrekey. */
            signedPrekey: hermod.v1.SignedKey;

            /** Bundle kyber. */
            kyber: hermod.v1.SignedKey;

            /** Bundle oneTime. */
            oneTime: hermod.v1.OneTimeKey;

            /**
             * Encodes the specified Bundle message.
             * @param message Bundle message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Bundle.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Bundle message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Bundle & hermod.v1.Bundle.$Shape;
        }

        namespace Bundle {

            /** Properties of a Bundle. */
            interface $Properties {

                /** Bundle account */
                account?: Uint8Array;

                /** Bundle device */
                device?: Uint8Array;

                /** Bundle registrationId */
                registrationId?: number;

                /** Bundle signedPrekey */
                signedPrekey?: hermod.v1.SignedKey.$Properties;

                /** Bundle kyber */
                kyber?: hermod.v1.SignedKey.$Properties;

                /** Bundle oneTime */
                oneTime?: hermod.v1.OneTimeKey.$Properties;
            }

            /** Shape of a Bundle. */
            type $Shape = hermod.v1.Bundle.$Properties;
        }

        /** Represents a SignedKey. */
        class SignedKey {

            /**
             * Constructs a new SignedKey.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.SignedKey.$Properties);

            /** SignedKey id. */
            id: number;

            /** SignedKey key. */
            key: Uint8Array;

            /** SignedKey signature. */
            signature: Uint8Array;

            /**
             * Encodes the specified SignedKey message.
             * @param message SignedKey message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.SignedKey.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a SignedKey message.
             */
            static decode(bytes: Uint8Array): hermod.v1.SignedKey & hermod.v1.SignedKey.$Shape;
        }

        namespace SignedKey {

            /** Properties of a SignedKey. */
            interface $Properties {

                /** SignedKey id */
                id?: number;

                /** SignedKey key */
                key?: Uint8Array;

                /** SignedKey signature */
                signature?: Uint8Array;
            }

            /** Shape of a SignedKey. */
            type $Shape = hermod.v1.SignedKey.$Properties;
        }

        /** Represents a OneTimeKey. */
        class OneTimeKey {

            /**
             * Constructs a new OneTimeKey.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.OneTimeKey.$Properties);

            /** OneTimeKey id. */
            id: number;

            /** OneTimeKey key. */
            key: Uint8Array;

            /**
             * Encodes the specified OneTimeKey message.
             * @param message OneTimeKey message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.OneTimeKey.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a OneTimeKey message.
             */
            static decode(bytes: Uint8Array): hermod.v1.OneTimeKey & hermod.v1.OneTimeKey.$Shape;
        }

        namespace OneTimeKey {

            /** Properties of a OneTimeKey. */
            interface $Properties {

                /** OneTimeKey id */
                id?: number;

                /** OneTimeKey key */
                key?: Uint8Array;
            }

            /** Shape of a OneTimeKey. */
            type $Shape = hermod.v1.OneTimeKey.$Properties;
        }

        /** Represents a FetchDevices. */
        class FetchDevices {

            /**
             * Constructs a new FetchDevices.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.FetchDevices.$Properties);

            /** FetchDevices accounts. */
            accounts: hermod.v1.DevicesFrom[];

            /**
             * Encodes the specified FetchDevices message.
             * @param message FetchDevices message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.FetchDevices.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a FetchDevices message.
             */
            static decode(bytes: Uint8Array): hermod.v1.FetchDevices & hermod.v1.FetchDevices.$Shape;
        }

        namespace FetchDevices {

            /** Properties of a FetchDevices. */
            interface $Properties {

                /** FetchDevices accounts */
                accounts?: readonly hermod.v1.DevicesFrom.$Properties[];
            }

            /** Shape of a FetchDevices. */
            type $Shape = hermod.v1.FetchDevices.$Properties;
        }

        /** Represents a DevicesFrom. */
        class DevicesFrom {

            /**
             * Constructs a new DevicesFrom.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.DevicesFrom.$Properties);

            /** DevicesFrom account. */
            account: Uint8Array;

            /** DevicesFrom fromVersion. */
            fromVersion: number;

            /**
             * Encodes the specified DevicesFrom message.
             * @param message DevicesFrom message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.DevicesFrom.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a DevicesFrom message.
             */
            static decode(bytes: Uint8Array): hermod.v1.DevicesFrom & hermod.v1.DevicesFrom.$Shape;
        }

        namespace DevicesFrom {

            /** Properties of a DevicesFrom. */
            interface $Properties {

                /** DevicesFrom account */
                account?: Uint8Array;

                /** DevicesFrom fromVersion */
                fromVersion?: number;
            }

            /** Shape of a DevicesFrom. */
            type $Shape = hermod.v1.DevicesFrom.$Properties;
        }

        /** Represents a Devices. */
        class Devices {

            /**
             * Constructs a new Devices.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Devices.$Properties);

            /** Devices chains. */
            chains: hermod.v1.DeviceChain[];

            /** Devices more. */
            more: boolean;

            /**
             * Encodes the specified Devices message.
             * @param message Devices message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Devices.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Devices message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Devices & hermod.v1.Devices.$Shape;
        }

        namespace Devices {

            /** Properties of a Devices. */
            interface $Properties {

                /** Devices chains */
                chains?: readonly hermod.v1.DeviceChain.$Properties[];

                /** Devices more */
                more?: boolean;
            }

            /** Shape of a Devices. */
            type $Shape = hermod.v1.Devices.$Properties;
        }

        /** Represents a DeviceChain. */
        class DeviceChain {

            /**
             * Constructs a new DeviceChain.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.DeviceChain.$Properties);

            /** DeviceChain account. */
            account: Uint8Array;

            /** DeviceChain head. */
            head: number;

            /** DeviceChain versions. */
            versions: Uint8Array[];

            /** DeviceChain lastSeenMs. */
            lastSeenMs: bigint[];

            /** DeviceChain handle. */
            handle: string;

            /**
             * Encodes the specified DeviceChain message.
             * @param message DeviceChain message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.DeviceChain.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a DeviceChain message.
             */
            static decode(bytes: Uint8Array): hermod.v1.DeviceChain & hermod.v1.DeviceChain.$Shape;
        }

        namespace DeviceChain {

            /** Properties of a DeviceChain. */
            interface $Properties {

                /** DeviceChain account */
                account?: Uint8Array;

                /** DeviceChain head */
                head?: number;

                /** DeviceChain versions */
                versions?: readonly Uint8Array[];

                /** DeviceChain lastSeenMs */
                lastSeenMs?: readonly bigint[];

                /** DeviceChain handle */
                handle?: string;
            }

            /** Shape of a DeviceChain. */
            type $Shape = hermod.v1.DeviceChain.$Properties;
        }

        /** Represents a ChangeDevices. */
        class ChangeDevices {

            /**
             * Constructs a new ChangeDevices.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ChangeDevices.$Properties);

            /** ChangeDevices signed. */
            signed: Uint8Array;

            /**
             * Encodes the specified ChangeDevices message.
             * @param message ChangeDevices message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ChangeDevices.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ChangeDevices message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ChangeDevices & hermod.v1.ChangeDevices.$Shape;
        }

        namespace ChangeDevices {

            /** Properties of a ChangeDevices. */
            interface $Properties {

                /** ChangeDevices signed */
                signed?: Uint8Array;
            }

            /** Shape of a ChangeDevices. */
            type $Shape = hermod.v1.ChangeDevices.$Properties;
        }

        /** Represents a DevicesChanged. */
        class DevicesChanged {

            /**
             * Constructs a new DevicesChanged.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.DevicesChanged.$Properties);

            /** DevicesChanged account. */
            account: Uint8Array;

            /** DevicesChanged version. */
            version: number;

            /**
             * Encodes the specified DevicesChanged message.
             * @param message DevicesChanged message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.DevicesChanged.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a DevicesChanged message.
             */
            static decode(bytes: Uint8Array): hermod.v1.DevicesChanged & hermod.v1.DevicesChanged.$Shape;
        }

        namespace DevicesChanged {

            /** Properties of a DevicesChanged. */
            interface $Properties {

                /** DevicesChanged account */
                account?: Uint8Array;

                /** DevicesChanged version */
                version?: number;
            }

            /** Shape of a DevicesChanged. */
            type $Shape = hermod.v1.DevicesChanged.$Properties;
        }

        /** Represents a PutKeys. */
        class PutKeys {

            /**
             * Constructs a new PutKeys.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.PutKeys.$Properties);

            /** PutKeys signed. */
            signed: Uint8Array;

            /**
             * Encodes the specified PutKeys message.
             * @param message PutKeys message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.PutKeys.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a PutKeys message.
             */
            static decode(bytes: Uint8Array): hermod.v1.PutKeys & hermod.v1.PutKeys.$Shape;
        }

        namespace PutKeys {

            /** Properties of a PutKeys. */
            interface $Properties {

                /** PutKeys signed */
                signed?: Uint8Array;
            }

            /** Shape of a PutKeys. */
            type $Shape = hermod.v1.PutKeys.$Properties;
        }

        /** Represents a KeysStored. */
        class KeysStored {

            /**
             * Constructs a new KeysStored.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.KeysStored.$Properties);

            /** KeysStored upload. */
            upload: bigint;

            /** KeysStored oneTimeEc. */
            oneTimeEc: number;

            /** KeysStored oneTimeKyber. */
            oneTimeKyber: number;

            /**
             * Encodes the specified KeysStored message.
             * @param message KeysStored message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.KeysStored.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a KeysStored message.
             */
            static decode(bytes: Uint8Array): hermod.v1.KeysStored & hermod.v1.KeysStored.$Shape;
        }

        namespace KeysStored {

            /** Properties of a KeysStored. */
            interface $Properties {

                /** KeysStored upload */
                upload?: bigint;

                /** KeysStored oneTimeEc */
                oneTimeEc?: number;

                /** KeysStored oneTimeKyber */
                oneTimeKyber?: number;
            }

            /** Shape of a KeysStored. */
            type $Shape = hermod.v1.KeysStored.$Properties;
        }

        /** Represents a PrekeysLow. */
        class PrekeysLow {

            /**
             * Constructs a new PrekeysLow.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.PrekeysLow.$Properties);

            /** PrekeysLow oneTimeEc. */
            oneTimeEc: number;

            /** PrekeysLow oneTimeKyber. */
            oneTimeKyber: number;

            /**
             * Encodes the specified PrekeysLow message.
             * @param message PrekeysLow message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.PrekeysLow.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a PrekeysLow message.
             */
            static decode(bytes: Uint8Array): hermod.v1.PrekeysLow & hermod.v1.PrekeysLow.$Shape;
        }

        namespace PrekeysLow {

            /** Properties of a PrekeysLow. */
            interface $Properties {

                /** PrekeysLow oneTimeEc */
                oneTimeEc?: number;

                /** PrekeysLow oneTimeKyber */
                oneTimeKyber?: number;
            }

            /** Shape of a PrekeysLow. */
            type $Shape = hermod.v1.PrekeysLow.$Properties;
        }

        /** Represents a Drain. */
        class Drain {

            /**
             * Constructs a new Drain.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Drain.$Properties);

            /** Drain reconnectInMs. */
            reconnectInMs: number;

            /**
             * Encodes the specified Drain message.
             * @param message Drain message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Drain.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Drain message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Drain & hermod.v1.Drain.$Shape;
        }

        namespace Drain {

            /** Properties of a Drain. */
            interface $Properties {

                /** Drain reconnectInMs */
                reconnectInMs?: number;
            }

            /** Shape of a Drain. */
            type $Shape = hermod.v1.Drain.$Properties;
        }

        /** Represents a Problem. */
        class Problem {

            /**
             * Constructs a new Problem.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Problem.$Properties);

            /** Problem code. */
            code: string;

            /** Problem retryAfterMs. */
            retryAfterMs: number;

            /** Problem remediation. */
            remediation: string;

            /** Problem chatId. */
            chatId: Uint8Array;

            /** Problem counter. */
            counter: bigint;

            /** Problem storedId. */
            storedId: Uint8Array;

            /** Problem chatIds. */
            chatIds: Uint8Array[];

            /** Problem chains. */
            chains: hermod.v1.DeviceChain[];

            /**
             * Encodes the specified Problem message.
             * @param message Problem message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Problem.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Problem message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Problem & hermod.v1.Problem.$Shape;
        }

        namespace Problem {

            /** Properties of a Problem. */
            interface $Properties {

                /** Problem code */
                code?: string;

                /** Problem retryAfterMs */
                retryAfterMs?: number;

                /** Problem remediation */
                remediation?: string;

                /** Problem chatId */
                chatId?: Uint8Array;

                /** Problem counter */
                counter?: bigint;

                /** Problem storedId */
                storedId?: Uint8Array;

                /** Problem chatIds */
                chatIds?: readonly Uint8Array[];

                /** Problem chains */
                chains?: readonly hermod.v1.DeviceChain.$Properties[];
            }

            /** Shape of a Problem. */
            type $Shape = hermod.v1.Problem.$Properties;
        }

        /** Represents a Content. */
        class Content {

            /**
             * Constructs a new Content.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Content.$Properties);

            /** Content format. */
            format: number;

            /** Content context. */
            context: hermod.v1.Context;

            /** Content text. */
            text: (hermod.v1.Text|null);

            /** Content sync. */
            sync: (hermod.v1.Sync|null);

            /** Content retry. */
            retry: (hermod.v1.Retry|null);

            /** Content resend. */
            resend: (hermod.v1.Resend|null);

            /** Content empty. */
            empty: (hermod.v1.Empty|null);

            /** Content part. */
            part?: ("text"|"sync"|"retry"|"resend"|"empty");

            /**
             * Encodes the specified Content message.
             * @param message Content message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Content.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Content message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Content & hermod.v1.Content.$Shape;
        }

        namespace Content {

            /** Properties of a Content. */
            interface $Properties {

                /** Content format */
                format?: number;

                /** Content context */
                context?: hermod.v1.Context.$Properties;

                /** Content text */
                text?: (hermod.v1.Text.$Properties|null);

                /** Content sync */
                sync?: (hermod.v1.Sync.$Properties|null);

                /** Content retry */
                retry?: (hermod.v1.Retry.$Properties|null);

                /** Content resend */
                resend?: (hermod.v1.Resend.$Properties|null);

                /** Content empty */
                empty?: (hermod.v1.Empty.$Properties|null);

                /** Content part */
                part?: ("text"|"sync"|"retry"|"resend"|"empty");
            }

            /** Narrowed shape of a Content. */
            type $Shape = {
              format?: number;
              context?: hermod.v1.Context.$Shape;
              text?: hermod.v1.Text.$Shape|null;
              sync?: hermod.v1.Sync.$Shape|null;
              retry?: hermod.v1.Retry.$Shape|null;
              resend?: hermod.v1.Resend.$Shape|null;
              empty?: hermod.v1.Empty.$Shape|null;
            } & (
              ({ part?: undefined; text?: null; sync?: null; retry?: null; resend?: null; empty?: null }|{ part?: "text"; text: hermod.v1.Text.$Shape; sync?: null; retry?: null; resend?: null; empty?: null }|{ part?: "sync"; text?: null; sync: hermod.v1.Sync.$Shape; retry?: null; resend?: null; empty?: null }|{ part?: "retry"; text?: null; sync?: null; retry: hermod.v1.Retry.$Shape; resend?: null; empty?: null }|{ part?: "resend"; text?: null; sync?: null; retry?: null; resend: hermod.v1.Resend.$Shape; empty?: null }|{ part?: "empty"; text?: null; sync?: null; retry?: null; resend?: null; empty: hermod.v1.Empty.$Shape })
            );
        }

        /** Represents a Context. */
        class Context {

            /**
             * Constructs a new Context.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Context.$Properties);

            /** Context chatId. */
            chatId: Uint8Array;

            /** Context senderDevice. */
            senderDevice: Uint8Array;

            /** Context kind. */
            kind: number;

            /** Context clientMsgId. */
            clientMsgId: Uint8Array;

            /** Context counter. */
            counter: bigint;

            /** Context previousAll. */
            previousAll: bigint;

            /** Context rosterSeq. */
            rosterSeq: bigint;

            /** Context rosterHash. */
            rosterHash: Uint8Array;

            /** Context listVersion. */
            listVersion: number;

            /** Context refersTo. */
            refersTo: hermod.v1.ContentRef;

            /**
             * Encodes the specified Context message.
             * @param message Context message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Context.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Context message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Context & hermod.v1.Context.$Shape;
        }

        namespace Context {

            /** Properties of a Context. */
            interface $Properties {

                /** Context chatId */
                chatId?: Uint8Array;

                /** Context senderDevice */
                senderDevice?: Uint8Array;

                /** Context kind */
                kind?: number;

                /** Context clientMsgId */
                clientMsgId?: Uint8Array;

                /** Context counter */
                counter?: bigint;

                /** Context previousAll */
                previousAll?: bigint;

                /** Context rosterSeq */
                rosterSeq?: bigint;

                /** Context rosterHash */
                rosterHash?: Uint8Array;

                /** Context listVersion */
                listVersion?: number;

                /** Context refersTo */
                refersTo?: hermod.v1.ContentRef.$Properties;
            }

            /** Shape of a Context. */
            type $Shape = hermod.v1.Context.$Properties;
        }

        /** Represents a ContentRef. */
        class ContentRef {

            /**
             * Constructs a new ContentRef.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ContentRef.$Properties);

            /** ContentRef account. */
            account: Uint8Array;

            /** ContentRef clientMsgId. */
            clientMsgId: Uint8Array;

            /** ContentRef seq. */
            seq: bigint;

            /**
             * Encodes the specified ContentRef message.
             * @param message ContentRef message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ContentRef.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ContentRef message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ContentRef & hermod.v1.ContentRef.$Shape;
        }

        namespace ContentRef {

            /** Properties of a ContentRef. */
            interface $Properties {

                /** ContentRef account */
                account?: Uint8Array;

                /** ContentRef clientMsgId */
                clientMsgId?: Uint8Array;

                /** ContentRef seq */
                seq?: bigint;
            }

            /** Shape of a ContentRef. */
            type $Shape = hermod.v1.ContentRef.$Properties;
        }

        /** Represents a Text. */
        class Text {

            /**
             * Constructs a new Text.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Text.$Properties);

            /** Text text. */
            text: string;

            /** Text replyTo. */
            replyTo: hermod.v1.ContentRef;

            /**
             * Encodes the specified Text message.
             * @param message Text message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Text.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Text message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Text & hermod.v1.Text.$Shape;
        }

        namespace Text {

            /** Properties of a Text. */
            interface $Properties {

                /** Text text */
                text?: string;

                /** Text replyTo */
                replyTo?: hermod.v1.ContentRef.$Properties;
            }

            /** Shape of a Text. */
            type $Shape = hermod.v1.Text.$Properties;
        }

        /** Represents an Empty. */
        class Empty {

            /**
             * Constructs a new Empty.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Empty.$Properties);

            /**
             * Encodes the specified Empty message.
             * @param message Empty message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Empty.$Properties): { finish(): Uint8Array };

            /**
             * Decodes an Empty message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Empty & hermod.v1.Empty.$Shape;
        }

        namespace Empty {

            /** Properties of an Empty. */
            interface $Properties {
            }

            /** Shape of an Empty. */
            type $Shape = hermod.v1.Empty.$Properties;
        }

        /** Represents a Retry. */
        class Retry {

            /**
             * Constructs a new Retry.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Retry.$Properties);

            /** Retry signed. */
            signed: Uint8Array;

            /**
             * Encodes the specified Retry message.
             * @param message Retry message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Retry.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Retry message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Retry & hermod.v1.Retry.$Shape;
        }

        namespace Retry {

            /** Properties of a Retry. */
            interface $Properties {

                /** Retry signed */
                signed?: Uint8Array;
            }

            /** Shape of a Retry. */
            type $Shape = hermod.v1.Retry.$Properties;
        }

        /** Represents a Resend. */
        class Resend {

            /**
             * Constructs a new Resend.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Resend.$Properties);

            /** Resend original. */
            original: Uint8Array;

            /** Resend originalSeq. */
            originalSeq: bigint;

            /**
             * Encodes the specified Resend message.
             * @param message Resend message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Resend.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Resend message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Resend & hermod.v1.Resend.$Shape;
        }

        namespace Resend {

            /** Properties of a Resend. */
            interface $Properties {

                /** Resend original */
                original?: Uint8Array;

                /** Resend originalSeq */
                originalSeq?: bigint;
            }

            /** Shape of a Resend. */
            type $Shape = hermod.v1.Resend.$Properties;
        }

        /** Represents a Sync. */
        class Sync {

            /**
             * Constructs a new Sync.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Sync.$Properties);

            /** Sync contacts. */
            contacts: hermod.v1.SyncContact[];

            /** Sync chats. */
            chats: hermod.v1.SyncChat[];

            /** Sync read. */
            read: hermod.v1.SyncRead[];

            /** Sync blocks. */
            blocks: Uint8Array[];

            /** Sync done. */
            done: boolean;

            /**
             * Encodes the specified Sync message.
             * @param message Sync message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Sync.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Sync message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Sync & hermod.v1.Sync.$Shape;
        }

        namespace Sync {

            /** Properties of a Sync. */
            interface $Properties {

                /** Sync contacts */
                contacts?: readonly hermod.v1.SyncContact.$Properties[];

                /** Sync chats */
                chats?: readonly hermod.v1.SyncChat.$Properties[];

                /** Sync read */
                read?: readonly hermod.v1.SyncRead.$Properties[];

                /** Sync blocks */
                blocks?: readonly Uint8Array[];

                /** Sync done */
                done?: boolean;
            }

            /** Shape of a Sync. */
            type $Shape = hermod.v1.Sync.$Properties;
        }

        /** Represents a SyncContact. */
        class SyncContact {

            /**
             * Constructs a new SyncContact.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.SyncContact.$Properties);

            /** SyncContact account. */
            account: Uint8Array;

            /** SyncContact handle. */
            handle: string;

            /** SyncContact version. */
            version: number;

            /** SyncContact listHash. */
            listHash: Uint8Array;

            /** SyncContact verified. */
            verified: boolean;

            /** SyncContact verifiedRoot. */
            verifiedRoot: Uint8Array;

            /** SyncContact verifiedVersion. */
            verifiedVersion: number;

            /** SyncContact verifiedListHash. */
            verifiedListHash: Uint8Array;

            /** SyncContact name. */
            name: string;

            /** SyncContact profileKey. */
            profileKey: Uint8Array;

            /**
             * Encodes the specified SyncContact message.
             * @param message SyncContact message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.SyncContact.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a SyncContact message.
             */
            static decode(bytes: Uint8Array): hermod.v1.SyncContact & hermod.v1.SyncContact.$Shape;
        }

        namespace SyncContact {

            /** Properties of a SyncContact. */
            interface $Properties {

                /** SyncContact account */
                account?: Uint8Array;

                /** SyncContact handle */
                handle?: string;

                /** SyncContact version */
                version?: number;

                /** SyncContact listHash */
                listHash?: Uint8Array;

                /** SyncContact verified */
                verified?: boolean;

                /** SyncContact verifiedRoot */
                verifiedRoot?: Uint8Array;

                /** SyncContact verifiedVersion */
                verifiedVersion?: number;

                /** SyncContact verifiedListHash */
                verifiedListHash?: Uint8Array;

                /** SyncContact name */
                name?: string;

                /** SyncContact profileKey */
                profileKey?: Uint8Array;
            }

            /** Shape of a SyncContact. */
            type $Shape = hermod.v1.SyncContact.$Properties;
        }

        /** Represents a SyncChat. */
        class SyncChat {

            /**
             * Constructs a new SyncChat.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.SyncChat.$Properties);

            /** SyncChat chatId. */
            chatId: Uint8Array;

            /** SyncChat rosterSeq. */
            rosterSeq: bigint;

            /** SyncChat rosterHash. */
            rosterHash: Uint8Array;

            /** SyncChat infoKey. */
            infoKey: Uint8Array;

            /** SyncChat type. */
            type: string;

            /** SyncChat peer. */
            peer: Uint8Array;

            /**
             * Encodes the specified SyncChat message.
             * @param message SyncChat message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.SyncChat.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a SyncChat message.
             */
            static decode(bytes: Uint8Array): hermod.v1.SyncChat & hermod.v1.SyncChat.$Shape;
        }

        namespace SyncChat {

            /** Properties of a SyncChat. */
            interface $Properties {

                /** SyncChat chatId */
                chatId?: Uint8Array;

                /** SyncChat rosterSeq */
                rosterSeq?: bigint;

                /** SyncChat rosterHash */
                rosterHash?: Uint8Array;

                /** SyncChat infoKey */
                infoKey?: Uint8Array;

                /** SyncChat type */
                type?: string;

                /** SyncChat peer */
                peer?: Uint8Array;
            }

            /** Shape of a SyncChat. */
            type $Shape = hermod.v1.SyncChat.$Properties;
        }

        /** Represents a SyncRead. */
        class SyncRead {

            /**
             * Constructs a new SyncRead.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.SyncRead.$Properties);

            /** SyncRead chatId. */
            chatId: Uint8Array;

            /** SyncRead through. */
            through: bigint;

            /**
             * Encodes the specified SyncRead message.
             * @param message SyncRead message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.SyncRead.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a SyncRead message.
             */
            static decode(bytes: Uint8Array): hermod.v1.SyncRead & hermod.v1.SyncRead.$Shape;
        }

        namespace SyncRead {

            /** Properties of a SyncRead. */
            interface $Properties {

                /** SyncRead chatId */
                chatId?: Uint8Array;

                /** SyncRead through */
                through?: bigint;
            }

            /** Shape of a SyncRead. */
            type $Shape = hermod.v1.SyncRead.$Properties;
        }

        /** Represents a HeaderRecord. */
        class HeaderRecord {

            /**
             * Constructs a new HeaderRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.HeaderRecord.$Properties);

            /** HeaderRecord seq. */
            seq: bigint;

            /** HeaderRecord epoch. */
            epoch: bigint;

            /** HeaderRecord account. */
            account: Uint8Array;

            /** HeaderRecord device. */
            device: Uint8Array;

            /** HeaderRecord counter. */
            counter: bigint;

            /** HeaderRecord id. */
            id: Uint8Array;

            /** HeaderRecord kind. */
            kind: number;

            /** HeaderRecord scope. */
            scope: number;

            /** HeaderRecord targets. */
            targets: Uint8Array[];

            /** HeaderRecord rosterSeq. */
            rosterSeq: bigint;

            /** HeaderRecord rosterHash. */
            rosterHash: Uint8Array;

            /** HeaderRecord timeMs. */
            timeMs: bigint;

            /** HeaderRecord hash. */
            hash: Uint8Array;

            /** HeaderRecord refersTo. */
            refersTo: hermod.v1.EntryRefRecord;

            /** HeaderRecord previousControl. */
            previousControl: bigint;

            /** HeaderRecord commitment. */
            commitment: Uint8Array;

            /** HeaderRecord frankTag. */
            frankTag: Uint8Array;

            /** HeaderRecord bodyExpiresMs. */
            bodyExpiresMs: bigint;

            /** HeaderRecord control. */
            control: hermod.v1.ControlRecord;

            /**
             * Encodes the specified HeaderRecord message.
             * @param message HeaderRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.HeaderRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a HeaderRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.HeaderRecord & hermod.v1.HeaderRecord.$Shape;
        }

        namespace HeaderRecord {

            /** Properties of a HeaderRecord. */
            interface $Properties {

                /** HeaderRecord seq */
                seq?: bigint;

                /** HeaderRecord epoch */
                epoch?: bigint;

                /** HeaderRecord account */
                account?: Uint8Array;

                /** HeaderRecord device */
                device?: Uint8Array;

                /** HeaderRecord counter */
                counter?: bigint;

                /** HeaderRecord id */
                id?: Uint8Array;

                /** HeaderRecord kind */
                kind?: number;

                /** HeaderRecord scope */
                scope?: number;

                /** HeaderRecord targets */
                targets?: readonly Uint8Array[];

                /** HeaderRecord rosterSeq */
                rosterSeq?: bigint;

                /** HeaderRecord rosterHash */
                rosterHash?: Uint8Array;

                /** HeaderRecord timeMs */
                timeMs?: bigint;

                /** HeaderRecord hash */
                hash?: Uint8Array;

                /** HeaderRecord refersTo */
                refersTo?: hermod.v1.EntryRefRecord.$Properties;

                /** HeaderRecord previousControl */
                previousControl?: bigint;

                /** HeaderRecord commitment */
                commitment?: Uint8Array;

                /** HeaderRecord frankTag */
                frankTag?: Uint8Array;

                /** HeaderRecord bodyExpiresMs */
                bodyExpiresMs?: bigint;

                /** HeaderRecord control */
                control?: hermod.v1.ControlRecord.$Properties;
            }

            /** Shape of a HeaderRecord. */
            type $Shape = hermod.v1.HeaderRecord.$Properties;
        }

        /** Represents an EntryRefRecord. */
        class EntryRefRecord {

            /**
             * Constructs a new EntryRefRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.EntryRefRecord.$Properties);

            /** EntryRefRecord account. */
            account: Uint8Array;

            /** EntryRefRecord id. */
            id: Uint8Array;

            /** EntryRefRecord seq. */
            seq: bigint;

            /**
             * Encodes the specified EntryRefRecord message.
             * @param message EntryRefRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.EntryRefRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes an EntryRefRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.EntryRefRecord & hermod.v1.EntryRefRecord.$Shape;
        }

        namespace EntryRefRecord {

            /** Properties of an EntryRefRecord. */
            interface $Properties {

                /** EntryRefRecord account */
                account?: Uint8Array;

                /** EntryRefRecord id */
                id?: Uint8Array;

                /** EntryRefRecord seq */
                seq?: bigint;
            }

            /** Shape of an EntryRefRecord. */
            type $Shape = hermod.v1.EntryRefRecord.$Properties;
        }

        /** Represents a ControlRecord. */
        class ControlRecord {

            /**
             * Constructs a new ControlRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ControlRecord.$Properties);

            /** ControlRecord rosterHash. */
            rosterHash: Uint8Array;

            /** ControlRecord type. */
            type: string;

            /** ControlRecord changes. */
            changes: hermod.v1.ControlChangeRecord[];

            /** ControlRecord membershipVersion. */
            membershipVersion: number;

            /**
             * Encodes the specified ControlRecord message.
             * @param message ControlRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ControlRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ControlRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ControlRecord & hermod.v1.ControlRecord.$Shape;
        }

        namespace ControlRecord {

            /** Properties of a ControlRecord. */
            interface $Properties {

                /** ControlRecord rosterHash */
                rosterHash?: Uint8Array;

                /** ControlRecord type */
                type?: string;

                /** ControlRecord changes */
                changes?: readonly hermod.v1.ControlChangeRecord.$Properties[];

                /** ControlRecord membershipVersion */
                membershipVersion?: number;
            }

            /** Shape of a ControlRecord. */
            type $Shape = hermod.v1.ControlRecord.$Properties;
        }

        /** Represents a ControlChangeRecord. */
        class ControlChangeRecord {

            /**
             * Constructs a new ControlChangeRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ControlChangeRecord.$Properties);

            /** ControlChangeRecord op. */
            op: string;

            /** ControlChangeRecord account. */
            account: Uint8Array;

            /** ControlChangeRecord role. */
            role: number;

            /** ControlChangeRecord listVersion. */
            listVersion: number;

            /** ControlChangeRecord listHash. */
            listHash: Uint8Array;

            /** ControlChangeRecord devices. */
            devices: Uint8Array[];

            /**
             * Encodes the specified ControlChangeRecord message.
             * @param message ControlChangeRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ControlChangeRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ControlChangeRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ControlChangeRecord & hermod.v1.ControlChangeRecord.$Shape;
        }

        namespace ControlChangeRecord {

            /** Properties of a ControlChangeRecord. */
            interface $Properties {

                /** ControlChangeRecord op */
                op?: string;

                /** ControlChangeRecord account */
                account?: Uint8Array;

                /** ControlChangeRecord role */
                role?: number;

                /** ControlChangeRecord listVersion */
                listVersion?: number;

                /** ControlChangeRecord listHash */
                listHash?: Uint8Array;

                /** ControlChangeRecord devices */
                devices?: readonly Uint8Array[];
            }

            /** Shape of a ControlChangeRecord. */
            type $Shape = hermod.v1.ControlChangeRecord.$Properties;
        }

        /** Represents a BodyRecord. */
        class BodyRecord {

            /**
             * Constructs a new BodyRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.BodyRecord.$Properties);

            /** BodyRecord type. */
            type: number;

            /** BodyRecord bytes. */
            bytes: Uint8Array;

            /** BodyRecord expiresMs. */
            expiresMs: bigint;

            /**
             * Encodes the specified BodyRecord message.
             * @param message BodyRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.BodyRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a BodyRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.BodyRecord & hermod.v1.BodyRecord.$Shape;
        }

        namespace BodyRecord {

            /** Properties of a BodyRecord. */
            interface $Properties {

                /** BodyRecord type */
                type?: number;

                /** BodyRecord bytes */
                bytes?: Uint8Array;

                /** BodyRecord expiresMs */
                expiresMs?: bigint;
            }

            /** Shape of a BodyRecord. */
            type $Shape = hermod.v1.BodyRecord.$Properties;
        }

        /** Represents a BucketRecord. */
        class BucketRecord {

            /**
             * Constructs a new BucketRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.BucketRecord.$Properties);

            /** BucketRecord epoch. */
            epoch: bigint;

            /** BucketRecord lastSeq. */
            lastSeq: bigint;

            /** BucketRecord batch. */
            batch: Uint8Array;

            /** BucketRecord fanned. */
            fanned: bigint;

            /** BucketRecord trimmed. */
            trimmed: bigint;

            /** BucketRecord masked. */
            masked: bigint;

            /** BucketRecord bodiesExpireMs. */
            bodiesExpireMs: bigint;

            /**
             * Encodes the specified BucketRecord message.
             * @param message BucketRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.BucketRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a BucketRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.BucketRecord & hermod.v1.BucketRecord.$Shape;
        }

        namespace BucketRecord {

            /** Properties of a BucketRecord. */
            interface $Properties {

                /** BucketRecord epoch */
                epoch?: bigint;

                /** BucketRecord lastSeq */
                lastSeq?: bigint;

                /** BucketRecord batch */
                batch?: Uint8Array;

                /** BucketRecord fanned */
                fanned?: bigint;

                /** BucketRecord trimmed */
                trimmed?: bigint;

                /** BucketRecord masked */
                masked?: bigint;

                /** BucketRecord bodiesExpireMs */
                bodiesExpireMs?: bigint;
            }

            /** Shape of a BucketRecord. */
            type $Shape = hermod.v1.BucketRecord.$Properties;
        }

        /** Represents a ConversationStateRecord. */
        class ConversationStateRecord {

            /**
             * Constructs a new ConversationStateRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ConversationStateRecord.$Properties);

            /** ConversationStateRecord through. */
            through: bigint;

            /** ConversationStateRecord version. */
            version: bigint;

            /** ConversationStateRecord snapshot. */
            snapshot: Uint8Array;

            /**
             * Encodes the specified ConversationStateRecord message.
             * @param message ConversationStateRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ConversationStateRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ConversationStateRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ConversationStateRecord & hermod.v1.ConversationStateRecord.$Shape;
        }

        namespace ConversationStateRecord {

            /** Properties of a ConversationStateRecord. */
            interface $Properties {

                /** ConversationStateRecord through */
                through?: bigint;

                /** ConversationStateRecord version */
                version?: bigint;

                /** ConversationStateRecord snapshot */
                snapshot?: Uint8Array;
            }

            /** Shape of a ConversationStateRecord. */
            type $Shape = hermod.v1.ConversationStateRecord.$Properties;
        }

        /** Represents a SnapshotRecord. */
        class SnapshotRecord {

            /**
             * Constructs a new SnapshotRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.SnapshotRecord.$Properties);

            /** SnapshotRecord roster. */
            roster: hermod.v1.RosterRecord;

            /** SnapshotRecord controls. */
            controls: bigint[];

            /** SnapshotRecord devices. */
            devices: hermod.v1.SnapshotDeviceRecord[];

            /** SnapshotRecord lastTick. */
            lastTick: bigint;

            /** SnapshotRecord trimmed. */
            trimmed: bigint;

            /** SnapshotRecord trimDueMs. */
            trimDueMs: bigint;

            /** SnapshotRecord madeMs. */
            madeMs: bigint;

            /** SnapshotRecord genesis. */
            genesis: hermod.v1.SnapshotSendRecord;

            /**
             * Encodes the specified SnapshotRecord message.
             * @param message SnapshotRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.SnapshotRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a SnapshotRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.SnapshotRecord & hermod.v1.SnapshotRecord.$Shape;
        }

        namespace SnapshotRecord {

            /** Properties of a SnapshotRecord. */
            interface $Properties {

                /** SnapshotRecord roster */
                roster?: hermod.v1.RosterRecord.$Properties;

                /** SnapshotRecord controls */
                controls?: readonly bigint[];

                /** SnapshotRecord devices */
                devices?: readonly hermod.v1.SnapshotDeviceRecord.$Properties[];

                /** SnapshotRecord lastTick */
                lastTick?: bigint;

                /** SnapshotRecord trimmed */
                trimmed?: bigint;

                /** SnapshotRecord trimDueMs */
                trimDueMs?: bigint;

                /** SnapshotRecord madeMs */
                madeMs?: bigint;

                /** SnapshotRecord genesis */
                genesis?: hermod.v1.SnapshotSendRecord.$Properties;
            }

            /** Shape of a SnapshotRecord. */
            type $Shape = hermod.v1.SnapshotRecord.$Properties;
        }

        /** Represents a RosterRecord. */
        class RosterRecord {

            /**
             * Constructs a new RosterRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.RosterRecord.$Properties);

            /** RosterRecord type. */
            type: string;

            /** RosterRecord seq. */
            seq: bigint;

            /** RosterRecord hash. */
            hash: Uint8Array;

            /** RosterRecord members. */
            members: hermod.v1.RosterMemberRecord[];

            /** RosterRecord membershipVersion. */
            membershipVersion: number;

            /** RosterRecord membershipHash. */
            membershipHash: Uint8Array;

            /** RosterRecord lastRemovalSeq. */
            lastRemovalSeq: bigint;

            /**
             * Encodes the specified RosterRecord message.
             * @param message RosterRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.RosterRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a RosterRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.RosterRecord & hermod.v1.RosterRecord.$Shape;
        }

        namespace RosterRecord {

            /** Properties of a RosterRecord. */
            interface $Properties {

                /** RosterRecord type */
                type?: string;

                /** RosterRecord seq */
                seq?: bigint;

                /** RosterRecord hash */
                hash?: Uint8Array;

                /** RosterRecord members */
                members?: readonly hermod.v1.RosterMemberRecord.$Properties[];

                /** RosterRecord membershipVersion */
                membershipVersion?: number;

                /** RosterRecord membershipHash */
                membershipHash?: Uint8Array;

                /** RosterRecord lastRemovalSeq */
                lastRemovalSeq?: bigint;
            }

            /** Shape of a RosterRecord. */
            type $Shape = hermod.v1.RosterRecord.$Properties;
        }

        /** Represents a RosterMemberRecord. */
        class RosterMemberRecord {

            /**
             * Constructs a new RosterMemberRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.RosterMemberRecord.$Properties);

            /** RosterMemberRecord account. */
            account: Uint8Array;

            /** RosterMemberRecord role. */
            role: number;

            /** RosterMemberRecord listVersion. */
            listVersion: number;

            /** RosterMemberRecord listHash. */
            listHash: Uint8Array;

            /** RosterMemberRecord devices. */
            devices: Uint8Array[];

            /**
             * Encodes the specified RosterMemberRecord message.
             * @param message RosterMemberRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.RosterMemberRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a RosterMemberRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.RosterMemberRecord & hermod.v1.RosterMemberRecord.$Shape;
        }

        namespace RosterMemberRecord {

            /** Properties of a RosterMemberRecord. */
            interface $Properties {

                /** RosterMemberRecord account */
                account?: Uint8Array;

                /** RosterMemberRecord role */
                role?: number;

                /** RosterMemberRecord listVersion */
                listVersion?: number;

                /** RosterMemberRecord listHash */
                listHash?: Uint8Array;

                /** RosterMemberRecord devices */
                devices?: readonly Uint8Array[];
            }

            /** Shape of a RosterMemberRecord. */
            type $Shape = hermod.v1.RosterMemberRecord.$Properties;
        }

        /** Represents a SnapshotDeviceRecord. */
        class SnapshotDeviceRecord {

            /**
             * Constructs a new SnapshotDeviceRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.SnapshotDeviceRecord.$Properties);

            /** SnapshotDeviceRecord id. */
            id: Uint8Array;

            /** SnapshotDeviceRecord account. */
            account: Uint8Array;

            /** SnapshotDeviceRecord intervals. */
            intervals: hermod.v1.RangeRecord[];

            /** SnapshotDeviceRecord held. */
            held: bigint;

            /** SnapshotDeviceRecord loud. */
            loud: bigint;

            /** SnapshotDeviceRecord counter. */
            counter: bigint;

            /** SnapshotDeviceRecord recent. */
            recent: hermod.v1.SnapshotSendRecord[];

            /** SnapshotDeviceRecord gone. */
            gone: boolean;

            /**
             * Encodes the specified SnapshotDeviceRecord message.
             * @param message SnapshotDeviceRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.SnapshotDeviceRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a SnapshotDeviceRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.SnapshotDeviceRecord & hermod.v1.SnapshotDeviceRecord.$Shape;
        }

        namespace SnapshotDeviceRecord {

            /** Properties of a SnapshotDeviceRecord. */
            interface $Properties {

                /** SnapshotDeviceRecord id */
                id?: Uint8Array;

                /** SnapshotDeviceRecord account */
                account?: Uint8Array;

                /** SnapshotDeviceRecord intervals */
                intervals?: readonly hermod.v1.RangeRecord.$Properties[];

                /** SnapshotDeviceRecord held */
                held?: bigint;

                /** SnapshotDeviceRecord loud */
                loud?: bigint;

                /** SnapshotDeviceRecord counter */
                counter?: bigint;

                /** SnapshotDeviceRecord recent */
                recent?: readonly hermod.v1.SnapshotSendRecord.$Properties[];

                /** SnapshotDeviceRecord gone */
                gone?: boolean;
            }

            /** Shape of a SnapshotDeviceRecord. */
            type $Shape = hermod.v1.SnapshotDeviceRecord.$Properties;
        }

        /** Represents a SnapshotSendRecord. */
        class SnapshotSendRecord {

            /**
             * Constructs a new SnapshotSendRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.SnapshotSendRecord.$Properties);

            /** SnapshotSendRecord counter. */
            counter: bigint;

            /** SnapshotSendRecord id. */
            id: Uint8Array;

            /** SnapshotSendRecord hash. */
            hash: Uint8Array;

            /** SnapshotSendRecord seq. */
            seq: bigint;

            /** SnapshotSendRecord timeMs. */
            timeMs: bigint;

            /**
             * Encodes the specified SnapshotSendRecord message.
             * @param message SnapshotSendRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.SnapshotSendRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a SnapshotSendRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.SnapshotSendRecord & hermod.v1.SnapshotSendRecord.$Shape;
        }

        namespace SnapshotSendRecord {

            /** Properties of a SnapshotSendRecord. */
            interface $Properties {

                /** SnapshotSendRecord counter */
                counter?: bigint;

                /** SnapshotSendRecord id */
                id?: Uint8Array;

                /** SnapshotSendRecord hash */
                hash?: Uint8Array;

                /** SnapshotSendRecord seq */
                seq?: bigint;

                /** SnapshotSendRecord timeMs */
                timeMs?: bigint;
            }

            /** Shape of a SnapshotSendRecord. */
            type $Shape = hermod.v1.SnapshotSendRecord.$Properties;
        }

        /** Represents a ReceiptRecord. */
        class ReceiptRecord {

            /**
             * Constructs a new ReceiptRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ReceiptRecord.$Properties);

            /** ReceiptRecord delivered. */
            delivered: bigint;

            /** ReceiptRecord read. */
            read: bigint;

            /** ReceiptRecord except. */
            except: hermod.v1.RangeRecord[];

            /**
             * Encodes the specified ReceiptRecord message.
             * @param message ReceiptRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ReceiptRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ReceiptRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ReceiptRecord & hermod.v1.ReceiptRecord.$Shape;
        }

        namespace ReceiptRecord {

            /** Properties of a ReceiptRecord. */
            interface $Properties {

                /** ReceiptRecord delivered */
                delivered?: bigint;

                /** ReceiptRecord read */
                read?: bigint;

                /** ReceiptRecord except */
                except?: readonly hermod.v1.RangeRecord.$Properties[];
            }

            /** Shape of a ReceiptRecord. */
            type $Shape = hermod.v1.ReceiptRecord.$Properties;
        }

        /** Represents a RangeRecord. */
        class RangeRecord {

            /**
             * Constructs a new RangeRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.RangeRecord.$Properties);

            /** RangeRecord from. */
            from: bigint;

            /** RangeRecord to. */
            to: bigint;

            /**
             * Encodes the specified RangeRecord message.
             * @param message RangeRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.RangeRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a RangeRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.RangeRecord & hermod.v1.RangeRecord.$Shape;
        }

        namespace RangeRecord {

            /** Properties of a RangeRecord. */
            interface $Properties {

                /** RangeRecord from */
                from?: bigint;

                /** RangeRecord to */
                to?: bigint;
            }

            /** Shape of a RangeRecord. */
            type $Shape = hermod.v1.RangeRecord.$Properties;
        }

        /** Represents a DeviceStateRecord. */
        class DeviceStateRecord {

            /**
             * Constructs a new DeviceStateRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.DeviceStateRecord.$Properties);

            /** DeviceStateRecord epoch. */
            epoch: bigint;

            /** DeviceStateRecord ver. */
            ver: bigint;

            /** DeviceStateRecord revoked. */
            revoked: boolean;

            /**
             * Encodes the specified DeviceStateRecord message.
             * @param message DeviceStateRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.DeviceStateRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a DeviceStateRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.DeviceStateRecord & hermod.v1.DeviceStateRecord.$Shape;
        }

        namespace DeviceStateRecord {

            /** Properties of a DeviceStateRecord. */
            interface $Properties {

                /** DeviceStateRecord epoch */
                epoch?: bigint;

                /** DeviceStateRecord ver */
                ver?: bigint;

                /** DeviceStateRecord revoked */
                revoked?: boolean;
            }

            /** Shape of a DeviceStateRecord. */
            type $Shape = hermod.v1.DeviceStateRecord.$Properties;
        }

        /** Represents a MarkRecord. */
        class MarkRecord {

            /**
             * Constructs a new MarkRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.MarkRecord.$Properties);

            /** MarkRecord from. */
            from: bigint;

            /**
             * Encodes the specified MarkRecord message.
             * @param message MarkRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.MarkRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a MarkRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.MarkRecord & hermod.v1.MarkRecord.$Shape;
        }

        namespace MarkRecord {

            /** Properties of a MarkRecord. */
            interface $Properties {

                /** MarkRecord from */
                from?: bigint;
            }

            /** Shape of a MarkRecord. */
            type $Shape = hermod.v1.MarkRecord.$Properties;
        }

        /** Represents an AccountRecord. */
        class AccountRecord {

            /**
             * Constructs a new AccountRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.AccountRecord.$Properties);

            /** AccountRecord epoch. */
            epoch: bigint;

            /** AccountRecord ver. */
            ver: bigint;

            /** AccountRecord state. */
            state: string;

            /** AccountRecord handle. */
            handle: string;

            /** AccountRecord createdMs. */
            createdMs: bigint;

            /** AccountRecord head. */
            head: number;

            /** AccountRecord headHash. */
            headHash: Uint8Array;

            /** AccountRecord usedLinks. */
            usedLinks: Uint8Array[];

            /**
             * Encodes the specified AccountRecord message.
             * @param message AccountRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.AccountRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes an AccountRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.AccountRecord & hermod.v1.AccountRecord.$Shape;
        }

        namespace AccountRecord {

            /** Properties of an AccountRecord. */
            interface $Properties {

                /** AccountRecord epoch */
                epoch?: bigint;

                /** AccountRecord ver */
                ver?: bigint;

                /** AccountRecord state */
                state?: string;

                /** AccountRecord handle */
                handle?: string;

                /** AccountRecord createdMs */
                createdMs?: bigint;

                /** AccountRecord head */
                head?: number;

                /** AccountRecord headHash */
                headHash?: Uint8Array;

                /** AccountRecord usedLinks */
                usedLinks?: readonly Uint8Array[];
            }

            /** Shape of an AccountRecord. */
            type $Shape = hermod.v1.AccountRecord.$Properties;
        }

        /** Represents a ListVersionRecord. */
        class ListVersionRecord {

            /**
             * Constructs a new ListVersionRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ListVersionRecord.$Properties);

            /** ListVersionRecord signed. */
            signed: Uint8Array;

            /** ListVersionRecord storedMs. */
            storedMs: bigint;

            /**
             * Encodes the specified ListVersionRecord message.
             * @param message ListVersionRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ListVersionRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ListVersionRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ListVersionRecord & hermod.v1.ListVersionRecord.$Shape;
        }

        namespace ListVersionRecord {

            /** Properties of a ListVersionRecord. */
            interface $Properties {

                /** ListVersionRecord signed */
                signed?: Uint8Array;

                /** ListVersionRecord storedMs */
                storedMs?: bigint;
            }

            /** Shape of a ListVersionRecord. */
            type $Shape = hermod.v1.ListVersionRecord.$Properties;
        }

        /** Represents an AccountDeviceRecord. */
        class AccountDeviceRecord {

            /**
             * Constructs a new AccountDeviceRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.AccountDeviceRecord.$Properties);

            /** AccountDeviceRecord id. */
            id: Uint8Array;

            /** AccountDeviceRecord credential. */
            credential: Uint8Array;

            /** AccountDeviceRecord addedMs. */
            addedMs: bigint;

            /** AccountDeviceRecord lastSeenMs. */
            lastSeenMs: bigint;

            /** AccountDeviceRecord revoked. */
            revoked: boolean;

            /** AccountDeviceRecord upload. */
            upload: bigint;

            /** AccountDeviceRecord signedPrekey. */
            signedPrekey: Uint8Array;

            /** AccountDeviceRecord lastResortKyber. */
            lastResortKyber: Uint8Array;

            /** AccountDeviceRecord registrationId. */
            registrationId: number;

            /** AccountDeviceRecord identityKey. */
            identityKey: Uint8Array;

            /** AccountDeviceRecord revokeTold. */
            revokeTold: boolean;

            /**
             * Encodes the specified AccountDeviceRecord message.
             * @param message AccountDeviceRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.AccountDeviceRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes an AccountDeviceRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.AccountDeviceRecord & hermod.v1.AccountDeviceRecord.$Shape;
        }

        namespace AccountDeviceRecord {

            /** Properties of an AccountDeviceRecord. */
            interface $Properties {

                /** AccountDeviceRecord id */
                id?: Uint8Array;

                /** AccountDeviceRecord credential */
                credential?: Uint8Array;

                /** AccountDeviceRecord addedMs */
                addedMs?: bigint;

                /** AccountDeviceRecord lastSeenMs */
                lastSeenMs?: bigint;

                /** AccountDeviceRecord revoked */
                revoked?: boolean;

                /** AccountDeviceRecord upload */
                upload?: bigint;

                /** AccountDeviceRecord signedPrekey */
                signedPrekey?: Uint8Array;

                /** AccountDeviceRecord lastResortKyber */
                lastResortKyber?: Uint8Array;

                /** AccountDeviceRecord registrationId */
                registrationId?: number;

                /** AccountDeviceRecord identityKey */
                identityKey?: Uint8Array;

                /** AccountDeviceRecord revokeTold */
                revokeTold?: boolean;
            }

            /** Shape of an AccountDeviceRecord. */
            type $Shape = hermod.v1.AccountDeviceRecord.$Properties;
        }

        /** Represents an AccountConversationRecord. */
        class AccountConversationRecord {

            /**
             * Constructs a new AccountConversationRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.AccountConversationRecord.$Properties);

            /** AccountConversationRecord told. */
            told: number;

            /** AccountConversationRecord joinedMs. */
            joinedMs: bigint;

            /** AccountConversationRecord activeMs. */
            activeMs: bigint;

            /**
             * Encodes the specified AccountConversationRecord message.
             * @param message AccountConversationRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.AccountConversationRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes an AccountConversationRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.AccountConversationRecord & hermod.v1.AccountConversationRecord.$Shape;
        }

        namespace AccountConversationRecord {

            /** Properties of an AccountConversationRecord. */
            interface $Properties {

                /** AccountConversationRecord told */
                told?: number;

                /** AccountConversationRecord joinedMs */
                joinedMs?: bigint;

                /** AccountConversationRecord activeMs */
                activeMs?: bigint;
            }

            /** Shape of an AccountConversationRecord. */
            type $Shape = hermod.v1.AccountConversationRecord.$Properties;
        }

        /** Represents a HandleRecord. */
        class HandleRecord {

            /**
             * Constructs a new HandleRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.HandleRecord.$Properties);

            /** HandleRecord account. */
            account: Uint8Array;

            /**
             * Encodes the specified HandleRecord message.
             * @param message HandleRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.HandleRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a HandleRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.HandleRecord & hermod.v1.HandleRecord.$Shape;
        }

        namespace HandleRecord {

            /** Properties of a HandleRecord. */
            interface $Properties {

                /** HandleRecord account */
                account?: Uint8Array;
            }

            /** Shape of a HandleRecord. */
            type $Shape = hermod.v1.HandleRecord.$Properties;
        }

        /** Represents an InviteRecord. */
        class InviteRecord {

            /**
             * Constructs a new InviteRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.InviteRecord.$Properties);

            /** InviteRecord usedBy. */
            usedBy: Uint8Array;

            /** InviteRecord createdMs. */
            createdMs: bigint;

            /**
             * Encodes the specified InviteRecord message.
             * @param message InviteRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.InviteRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes an InviteRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.InviteRecord & hermod.v1.InviteRecord.$Shape;
        }

        namespace InviteRecord {

            /** Properties of an InviteRecord. */
            interface $Properties {

                /** InviteRecord usedBy */
                usedBy?: Uint8Array;

                /** InviteRecord createdMs */
                createdMs?: bigint;
            }

            /** Shape of an InviteRecord. */
            type $Shape = hermod.v1.InviteRecord.$Properties;
        }

        /** Represents a LinkRecord. */
        class LinkRecord {

            /**
             * Constructs a new LinkRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.LinkRecord.$Properties);

            /** LinkRecord identityKey. */
            identityKey: Uint8Array;

            /** LinkRecord expiresMs. */
            expiresMs: bigint;

            /** LinkRecord state. */
            state: string;

            /** LinkRecord account. */
            account: Uint8Array;

            /** LinkRecord body. */
            body: Uint8Array;

            /** LinkRecord signer. */
            signer: Uint8Array;

            /** LinkRecord signature. */
            signature: Uint8Array;

            /** LinkRecord mac. */
            mac: Uint8Array;

            /**
             * Encodes the specified LinkRecord message.
             * @param message LinkRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.LinkRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a LinkRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.LinkRecord & hermod.v1.LinkRecord.$Shape;
        }

        namespace LinkRecord {

            /** Properties of a LinkRecord. */
            interface $Properties {

                /** LinkRecord identityKey */
                identityKey?: Uint8Array;

                /** LinkRecord expiresMs */
                expiresMs?: bigint;

                /** LinkRecord state */
                state?: string;

                /** LinkRecord account */
                account?: Uint8Array;

                /** LinkRecord body */
                body?: Uint8Array;

                /** LinkRecord signer */
                signer?: Uint8Array;

                /** LinkRecord signature */
                signature?: Uint8Array;

                /** LinkRecord mac */
                mac?: Uint8Array;
            }

            /** Shape of a LinkRecord. */
            type $Shape = hermod.v1.LinkRecord.$Properties;
        }

        /** Represents a PrekeyRecord. */
        class PrekeyRecord {

            /**
             * Constructs a new PrekeyRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.PrekeyRecord.$Properties);

            /** PrekeyRecord key. */
            key: Uint8Array;

            /** PrekeyRecord signature. */
            signature: Uint8Array;

            /** PrekeyRecord uploadedMs. */
            uploadedMs: bigint;

            /**
             * Encodes the specified PrekeyRecord message.
             * @param message PrekeyRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.PrekeyRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a PrekeyRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.PrekeyRecord & hermod.v1.PrekeyRecord.$Shape;
        }

        namespace PrekeyRecord {

            /** Properties of a PrekeyRecord. */
            interface $Properties {

                /** PrekeyRecord key */
                key?: Uint8Array;

                /** PrekeyRecord signature */
                signature?: Uint8Array;

                /** PrekeyRecord uploadedMs */
                uploadedMs?: bigint;
            }

            /** Shape of a PrekeyRecord. */
            type $Shape = hermod.v1.PrekeyRecord.$Properties;
        }

        /** Represents a PrekeyPoolRecord. */
        class PrekeyPoolRecord {

            /**
             * Constructs a new PrekeyPoolRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.PrekeyPoolRecord.$Properties);

            /** PrekeyPoolRecord highest. */
            highest: number;

            /** PrekeyPoolRecord dropped. */
            dropped: boolean;

            /**
             * Encodes the specified PrekeyPoolRecord message.
             * @param message PrekeyPoolRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.PrekeyPoolRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a PrekeyPoolRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.PrekeyPoolRecord & hermod.v1.PrekeyPoolRecord.$Shape;
        }

        namespace PrekeyPoolRecord {

            /** Properties of a PrekeyPoolRecord. */
            interface $Properties {

                /** PrekeyPoolRecord highest */
                highest?: number;

                /** PrekeyPoolRecord dropped */
                dropped?: boolean;
            }

            /** Shape of a PrekeyPoolRecord. */
            type $Shape = hermod.v1.PrekeyPoolRecord.$Properties;
        }

        /** Represents a FormatRecord. */
        class FormatRecord {

            /**
             * Constructs a new FormatRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.FormatRecord.$Properties);

            /** FormatRecord format. */
            format: number;

            /**
             * Encodes the specified FormatRecord message.
             * @param message FormatRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.FormatRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a FormatRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.FormatRecord & hermod.v1.FormatRecord.$Shape;
        }

        namespace FormatRecord {

            /** Properties of a FormatRecord. */
            interface $Properties {

                /** FormatRecord format */
                format?: number;
            }

            /** Shape of a FormatRecord. */
            type $Shape = hermod.v1.FormatRecord.$Properties;
        }

        /** Represents a LeaseRecord. */
        class LeaseRecord {

            /**
             * Constructs a new LeaseRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.LeaseRecord.$Properties);

            /** LeaseRecord epoch. */
            epoch: bigint;

            /** LeaseRecord owner. */
            owner: string;

            /** LeaseRecord incarnation. */
            incarnation: string;

            /** LeaseRecord state. */
            state: string;

            /** LeaseRecord intentLowEpoch. */
            intentLowEpoch: bigint;

            /** LeaseRecord intentLowSlice. */
            intentLowSlice: number;

            /**
             * Encodes the specified LeaseRecord message.
             * @param message LeaseRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.LeaseRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a LeaseRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.LeaseRecord & hermod.v1.LeaseRecord.$Shape;
        }

        namespace LeaseRecord {

            /** Properties of a LeaseRecord. */
            interface $Properties {

                /** LeaseRecord epoch */
                epoch?: bigint;

                /** LeaseRecord owner */
                owner?: string;

                /** LeaseRecord incarnation */
                incarnation?: string;

                /** LeaseRecord state */
                state?: string;

                /** LeaseRecord intentLowEpoch */
                intentLowEpoch?: bigint;

                /** LeaseRecord intentLowSlice */
                intentLowSlice?: number;
            }

            /** Shape of a LeaseRecord. */
            type $Shape = hermod.v1.LeaseRecord.$Properties;
        }

        /** Represents an IntentRecord. */
        class IntentRecord {

            /**
             * Constructs a new IntentRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.IntentRecord.$Properties);

            /** IntentRecord issuedMs. */
            issuedMs: bigint;

            /**
             * Encodes the specified IntentRecord message.
             * @param message IntentRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.IntentRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes an IntentRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.IntentRecord & hermod.v1.IntentRecord.$Shape;
        }

        namespace IntentRecord {

            /** Properties of an IntentRecord. */
            interface $Properties {

                /** IntentRecord issuedMs */
                issuedMs?: bigint;
            }

            /** Shape of an IntentRecord. */
            type $Shape = hermod.v1.IntentRecord.$Properties;
        }

        /** Represents a ClusterConfigRecord. */
        class ClusterConfigRecord {

            /**
             * Constructs a new ClusterConfigRecord.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ClusterConfigRecord.$Properties);

            /** ClusterConfigRecord format. */
            format: number;

            /** ClusterConfigRecord shards. */
            shards: number;

            /** ClusterConfigRecord serverKey. */
            serverKey: Uint8Array;

            /**
             * Encodes the specified ClusterConfigRecord message.
             * @param message ClusterConfigRecord message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ClusterConfigRecord.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ClusterConfigRecord message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ClusterConfigRecord & hermod.v1.ClusterConfigRecord.$Shape;
        }

        namespace ClusterConfigRecord {

            /** Properties of a ClusterConfigRecord. */
            interface $Properties {

                /** ClusterConfigRecord format */
                format?: number;

                /** ClusterConfigRecord shards */
                shards?: number;

                /** ClusterConfigRecord serverKey */
                serverKey?: Uint8Array;
            }

            /** Shape of a ClusterConfigRecord. */
            type $Shape = hermod.v1.ClusterConfigRecord.$Properties;
        }

        /** Represents a Signed. */
        class Signed {

            /**
             * Constructs a new Signed.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Signed.$Properties);

            /** Signed body. */
            body: Uint8Array;

            /** Signed by. */
            by: hermod.v1.Signature[];

            /**
             * Encodes the specified Signed message.
             * @param message Signed message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Signed.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Signed message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Signed & hermod.v1.Signed.$Shape;
        }

        namespace Signed {

            /** Properties of a Signed. */
            interface $Properties {

                /** Signed body */
                body?: Uint8Array;

                /** Signed by */
                by?: readonly hermod.v1.Signature.$Properties[];
            }

            /** Shape of a Signed. */
            type $Shape = hermod.v1.Signed.$Properties;
        }

        /** Represents a Signature. */
        class Signature {

            /**
             * Constructs a new Signature.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Signature.$Properties);

            /** Signature signer. */
            signer: Uint8Array;

            /** Signature signature. */
            signature: Uint8Array;

            /**
             * Encodes the specified Signature message.
             * @param message Signature message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Signature.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Signature message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Signature & hermod.v1.Signature.$Shape;
        }

        namespace Signature {

            /** Properties of a Signature. */
            interface $Properties {

                /** Signature signer */
                signer?: Uint8Array;

                /** Signature signature */
                signature?: Uint8Array;
            }

            /** Shape of a Signature. */
            type $Shape = hermod.v1.Signature.$Properties;
        }

        /** Represents a DeviceList. */
        class DeviceList {

            /**
             * Constructs a new DeviceList.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.DeviceList.$Properties);

            /** DeviceList format. */
            format: number;

            /** DeviceList account. */
            account: Uint8Array;

            /** DeviceList region. */
            region: number;

            /** DeviceList version. */
            version: number;

            /** DeviceList previous. */
            previous: Uint8Array;

            /** DeviceList signer. */
            signer: Uint8Array;

            /** DeviceList devices. */
            devices: hermod.v1.ListedDevice[];

            /** DeviceList recoveryKey. */
            recoveryKey: Uint8Array;

            /** DeviceList cause. */
            cause: string;

            /** DeviceList nonce. */
            nonce: Uint8Array;

            /** DeviceList timeMs. */
            timeMs: bigint;

            /**
             * Encodes the specified DeviceList message.
             * @param message DeviceList message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.DeviceList.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a DeviceList message.
             */
            static decode(bytes: Uint8Array): hermod.v1.DeviceList & hermod.v1.DeviceList.$Shape;
        }

        namespace DeviceList {

            /** Properties of a DeviceList. */
            interface $Properties {

                /** DeviceList format */
                format?: number;

                /** DeviceList account */
                account?: Uint8Array;

                /** DeviceList region */
                region?: number;

                /** DeviceList version */
                version?: number;

                /** DeviceList previous */
                previous?: Uint8Array;

                /** DeviceList signer */
                signer?: Uint8Array;

                /** DeviceList devices */
                devices?: readonly hermod.v1.ListedDevice.$Properties[];

                /** DeviceList recoveryKey */
                recoveryKey?: Uint8Array;

                /** DeviceList cause */
                cause?: string;

                /** DeviceList nonce */
                nonce?: Uint8Array;

                /** DeviceList timeMs */
                timeMs?: bigint;
            }

            /** Shape of a DeviceList. */
            type $Shape = hermod.v1.DeviceList.$Properties;
        }

        /** Represents a ListedDevice. */
        class ListedDevice {

            /**
             * Constructs a new ListedDevice.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.ListedDevice.$Properties);

            /** ListedDevice id. */
            id: Uint8Array;

            /** ListedDevice identityKey. */
            identityKey: Uint8Array;

            /** ListedDevice registrationId. */
            registrationId: number;

            /** ListedDevice capabilities. */
            capabilities: string[];

            /** ListedDevice addedMs. */
            addedMs: bigint;

            /**
             * Encodes the specified ListedDevice message.
             * @param message ListedDevice message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.ListedDevice.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a ListedDevice message.
             */
            static decode(bytes: Uint8Array): hermod.v1.ListedDevice & hermod.v1.ListedDevice.$Shape;
        }

        namespace ListedDevice {

            /** Properties of a ListedDevice. */
            interface $Properties {

                /** ListedDevice id */
                id?: Uint8Array;

                /** ListedDevice identityKey */
                identityKey?: Uint8Array;

                /** ListedDevice registrationId */
                registrationId?: number;

                /** ListedDevice capabilities */
                capabilities?: readonly string[];

                /** ListedDevice addedMs */
                addedMs?: bigint;
            }

            /** Shape of a ListedDevice. */
            type $Shape = hermod.v1.ListedDevice.$Properties;
        }

        /** Represents a Genesis. */
        class Genesis {

            /**
             * Constructs a new Genesis.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Genesis.$Properties);

            /** Genesis format. */
            format: number;

            /** Genesis type. */
            type: string;

            /** Genesis region. */
            region: number;

            /** Genesis creator. */
            creator: Uint8Array;

            /** Genesis creatorDevice. */
            creatorDevice: Uint8Array;

            /** Genesis members. */
            members: hermod.v1.GenesisMember[];

            /** Genesis nonce. */
            nonce: Uint8Array;

            /** Genesis sealedInfo. */
            sealedInfo: Uint8Array;

            /** Genesis timeMs. */
            timeMs: bigint;

            /**
             * Encodes the specified Genesis message.
             * @param message Genesis message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Genesis.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Genesis message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Genesis & hermod.v1.Genesis.$Shape;
        }

        namespace Genesis {

            /** Properties of a Genesis. */
            interface $Properties {

                /** Genesis format */
                format?: number;

                /** Genesis type */
                type?: string;

                /** Genesis region */
                region?: number;

                /** Genesis creator */
                creator?: Uint8Array;

                /** Genesis creatorDevice */
                creatorDevice?: Uint8Array;

                /** Genesis members */
                members?: readonly hermod.v1.GenesisMember.$Properties[];

                /** Genesis nonce */
                nonce?: Uint8Array;

                /** Genesis sealedInfo */
                sealedInfo?: Uint8Array;

                /** Genesis timeMs */
                timeMs?: bigint;
            }

            /** Shape of a Genesis. */
            type $Shape = hermod.v1.Genesis.$Properties;
        }

        /** Represents a GenesisMember. */
        class GenesisMember {

            /**
             * Constructs a new GenesisMember.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.GenesisMember.$Properties);

            /** GenesisMember account. */
            account: Uint8Array;

            /** GenesisMember role. */
            role: hermod.v1.Role;

            /** GenesisMember listVersion. */
            listVersion: number;

            /** GenesisMember listHash. */
            listHash: Uint8Array;

            /**
             * Encodes the specified GenesisMember message.
             * @param message GenesisMember message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.GenesisMember.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a GenesisMember message.
             */
            static decode(bytes: Uint8Array): hermod.v1.GenesisMember & hermod.v1.GenesisMember.$Shape;
        }

        namespace GenesisMember {

            /** Properties of a GenesisMember. */
            interface $Properties {

                /** GenesisMember account */
                account?: Uint8Array;

                /** GenesisMember role */
                role?: hermod.v1.Role;

                /** GenesisMember listVersion */
                listVersion?: number;

                /** GenesisMember listHash */
                listHash?: Uint8Array;
            }

            /** Shape of a GenesisMember. */
            type $Shape = hermod.v1.GenesisMember.$Properties;
        }

        /** Role enum. */
        enum Role {

            /** ROLE_UNSPECIFIED value */
            ROLE_UNSPECIFIED = 0,

            /** ROLE_MEMBER value */
            ROLE_MEMBER = 1,

            /** ROLE_ADMIN value */
            ROLE_ADMIN = 2,

            /** ROLE_OWNER value */
            ROLE_OWNER = 3
        }

        /** Represents a Membership. */
        class Membership {

            /**
             * Constructs a new Membership.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Membership.$Properties);

            /** Membership format. */
            format: number;

            /** Membership chat. */
            chat: Uint8Array;

            /** Membership version. */
            version: number;

            /** Membership previous. */
            previous: Uint8Array;

            /** Membership rosterSeq. */
            rosterSeq: bigint;

            /** Membership rosterHash. */
            rosterHash: Uint8Array;

            /** Membership actor. */
            actor: Uint8Array;

            /** Membership actorDevice. */
            actorDevice: Uint8Array;

            /** Membership changes. */
            changes: hermod.v1.MembershipChange[];

            /** Membership sealedInfo. */
            sealedInfo: Uint8Array;

            /** Membership timeMs. */
            timeMs: bigint;

            /**
             * Encodes the specified Membership message.
             * @param message Membership message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Membership.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Membership message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Membership & hermod.v1.Membership.$Shape;
        }

        namespace Membership {

            /** Properties of a Membership. */
            interface $Properties {

                /** Membership format */
                format?: number;

                /** Membership chat */
                chat?: Uint8Array;

                /** Membership version */
                version?: number;

                /** Membership previous */
                previous?: Uint8Array;

                /** Membership rosterSeq */
                rosterSeq?: bigint;

                /** Membership rosterHash */
                rosterHash?: Uint8Array;

                /** Membership actor */
                actor?: Uint8Array;

                /** Membership actorDevice */
                actorDevice?: Uint8Array;

                /** Membership changes */
                changes?: readonly hermod.v1.MembershipChange.$Properties[];

                /** Membership sealedInfo */
                sealedInfo?: Uint8Array;

                /** Membership timeMs */
                timeMs?: bigint;
            }

            /** Shape of a Membership. */
            type $Shape = hermod.v1.Membership.$Properties;
        }

        /** Represents a MembershipChange. */
        class MembershipChange {

            /**
             * Constructs a new MembershipChange.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.MembershipChange.$Properties);

            /** MembershipChange op. */
            op: string;

            /** MembershipChange account. */
            account: Uint8Array;

            /** MembershipChange role. */
            role: hermod.v1.Role;

            /** MembershipChange listVersion. */
            listVersion: number;

            /** MembershipChange listHash. */
            listHash: Uint8Array;

            /** MembershipChange settings. */
            settings: Uint8Array;

            /**
             * Encodes the specified MembershipChange message.
             * @param message MembershipChange message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.MembershipChange.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a MembershipChange message.
             */
            static decode(bytes: Uint8Array): hermod.v1.MembershipChange & hermod.v1.MembershipChange.$Shape;
        }

        namespace MembershipChange {

            /** Properties of a MembershipChange. */
            interface $Properties {

                /** MembershipChange op */
                op?: string;

                /** MembershipChange account */
                account?: Uint8Array;

                /** MembershipChange role */
                role?: hermod.v1.Role;

                /** MembershipChange listVersion */
                listVersion?: number;

                /** MembershipChange listHash */
                listHash?: Uint8Array;

                /** MembershipChange settings */
                settings?: Uint8Array;
            }

            /** Shape of a MembershipChange. */
            type $Shape = hermod.v1.MembershipChange.$Properties;
        }

        /** Represents a KeyUpload. */
        class KeyUpload {

            /**
             * Constructs a new KeyUpload.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.KeyUpload.$Properties);

            /** KeyUpload format. */
            format: number;

            /** KeyUpload device. */
            device: Uint8Array;

            /** KeyUpload upload. */
            upload: bigint;

            /** KeyUpload signedPrekey. */
            signedPrekey: hermod.v1.SignedPublicKey;

            /** KeyUpload lastResortKyber. */
            lastResortKyber: hermod.v1.SignedPublicKey;

            /** KeyUpload oneTimeEc. */
            oneTimeEc: hermod.v1.PublicKeyEntry[];

            /** KeyUpload oneTimeKyber. */
            oneTimeKyber: hermod.v1.SignedPublicKey[];

            /**
             * Encodes the specified KeyUpload message.
             * @param message KeyUpload message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.KeyUpload.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a KeyUpload message.
             */
            static decode(bytes: Uint8Array): hermod.v1.KeyUpload & hermod.v1.KeyUpload.$Shape;
        }

        namespace KeyUpload {

            /** Properties of a KeyUpload. */
            interface $Properties {

                /** KeyUpload format */
                format?: number;

                /** KeyUpload device */
                device?: Uint8Array;

                /** KeyUpload upload */
                upload?: bigint;

                /** KeyUpload signedPrekey */
                signedPrekey?: hermod.v1.SignedPublicKey.$Properties;

                /** KeyUpload lastResortKyber */
                lastResortKyber?: hermod.v1.SignedPublicKey.$Properties;

                /** KeyUpload oneTimeEc */
                oneTimeEc?: readonly hermod.v1.PublicKeyEntry.$Properties[];

                /** KeyUpload oneTimeKyber */
                oneTimeKyber?: readonly hermod.v1.SignedPublicKey.$Properties[];
            }

            /** Shape of a KeyUpload. */
            type $Shape = hermod.v1.KeyUpload.$Properties;
        }

        /** Represents a PublicKeyEntry. */
        class PublicKeyEntry {

            /**
             * Constructs a new PublicKeyEntry.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.PublicKeyEntry.$Properties);

            /** PublicKeyEntry id. */
            id: number;

            /** PublicKeyEntry key. */
            key: Uint8Array;

            /**
             * Encodes the specified PublicKeyEntry message.
             * @param message PublicKeyEntry message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.PublicKeyEntry.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a PublicKeyEntry message.
             */
            static decode(bytes: Uint8Array): hermod.v1.PublicKeyEntry & hermod.v1.PublicKeyEntry.$Shape;
        }

        namespace PublicKeyEntry {

            /** Properties of a PublicKeyEntry. */
            interface $Properties {

                /** PublicKeyEntry id */
                id?: number;

                /** PublicKeyEntry key */
                key?: Uint8Array;
            }

            /** Shape of a PublicKeyEntry. */
            type $Shape = hermod.v1.PublicKeyEntry.$Properties;
        }

        /** Represents a SignedPublicKey. */
        class SignedPublicKey {

            /**
             * Constructs a new SignedPublicKey.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.SignedPublicKey.$Properties);

            /** SignedPublicKey id. */
            id: number;

            /** SignedPublicKey key. */
            key: Uint8Array;

            /** SignedPublicKey signature. */
            signature: Uint8Array;

            /**
             * Encodes the specified SignedPublicKey message.
             * @param message SignedPublicKey message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.SignedPublicKey.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a SignedPublicKey message.
             */
            static decode(bytes: Uint8Array): hermod.v1.SignedPublicKey & hermod.v1.SignedPublicKey.$Shape;
        }

        namespace SignedPublicKey {

            /** Properties of a SignedPublicKey. */
            interface $Properties {

                /** SignedPublicKey id */
                id?: number;

                /** SignedPublicKey key */
                key?: Uint8Array;

                /** SignedPublicKey signature */
                signature?: Uint8Array;
            }

            /** Shape of a SignedPublicKey. */
            type $Shape = hermod.v1.SignedPublicKey.$Properties;
        }

        /** Represents a RetryRequest. */
        class RetryRequest {

            /**
             * Constructs a new RetryRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.RetryRequest.$Properties);

            /** RetryRequest format. */
            format: number;

            /** RetryRequest chat. */
            chat: Uint8Array;

            /** RetryRequest requester. */
            requester: Uint8Array;

            /** RetryRequest senderDevice. */
            senderDevice: Uint8Array;

            /** RetryRequest seq. */
            seq: bigint;

            /** RetryRequest counter. */
            counter: bigint;

            /** RetryRequest clientMsgId. */
            clientMsgId: Uint8Array;

            /** RetryRequest reason. */
            reason: string;

            /** RetryRequest error. */
            error: Uint8Array;

            /**
             * Encodes the specified RetryRequest message.
             * @param message RetryRequest message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.RetryRequest.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a RetryRequest message.
             */
            static decode(bytes: Uint8Array): hermod.v1.RetryRequest & hermod.v1.RetryRequest.$Shape;
        }

        namespace RetryRequest {

            /** Properties of a RetryRequest. */
            interface $Properties {

                /** RetryRequest format */
                format?: number;

                /** RetryRequest chat */
                chat?: Uint8Array;

                /** RetryRequest requester */
                requester?: Uint8Array;

                /** RetryRequest senderDevice */
                senderDevice?: Uint8Array;

                /** RetryRequest seq */
                seq?: bigint;

                /** RetryRequest counter */
                counter?: bigint;

                /** RetryRequest clientMsgId */
                clientMsgId?: Uint8Array;

                /** RetryRequest reason */
                reason?: string;

                /** RetryRequest error */
                error?: Uint8Array;
            }

            /** Shape of a RetryRequest. */
            type $Shape = hermod.v1.RetryRequest.$Properties;
        }

        /** Represents a Told. */
        class Told {

            /**
             * Constructs a new Told.
             * @param [properties] Properties to set
             */
            constructor(properties?: hermod.v1.Told.$Properties);

            /** Told account. */
            account: Uint8Array;

            /** Told version. */
            version: number;

            /** Told listHash. */
            listHash: Uint8Array;

            /**
             * Encodes the specified Told message.
             * @param message Told message or plain object to encode
             * @returns Writer
             */
            static encode(message: hermod.v1.Told.$Properties): { finish(): Uint8Array };

            /**
             * Decodes a Told message.
             */
            static decode(bytes: Uint8Array): hermod.v1.Told & hermod.v1.Told.$Shape;
        }

        namespace Told {

            /** Properties of a Told. */
            interface $Properties {

                /** Told account */
                account?: Uint8Array;

                /** Told version */
                version?: number;

                /** Told listHash */
                listHash?: Uint8Array;
            }

            /** Shape of a Told. */
            type $Shape = hermod.v1.Told.$Properties;
        }
    }
}
