//! The flows of a collector's journal.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use flowql_collect::CollectSection;
use flowql_collect::write::source;
use flowql_config::Config;
use flowql_decode::capture::Packet;
use flowql_decode::{Datagram, Decoder, Limits, Settings, Source};
use flowql_queue::{Archive, Content, Error, Item, Reader, Record};

use super::{MOST_KEPT, Session};
use crate::console;
use crate::failure::Failure;

impl Session {
    /// Decodes what is in a journal now, partition by partition, as the collector does.
    pub(super) fn journal(&mut self, config: &Config, folder: &Path) -> Result<(), Failure> {
        let name = folder.display().to_string();
        let failed = |error: Error| {
            let help =
                "name the folder `journal` in the one of `data` in [collect], and see that it may be read";
            Failure::new(format!("cannot read the journal `{name}`: {error}"), help)
        };
        let archive = Archive::open(folder).map_err(failed)?;
        let section = config.section::<CollectSection>();
        let (settings, _) = Settings::of_sections(&section.element, &section.exporter);
        let (time, exporter_address) = (section.time, section.exporter_address);
        let settings = Settings { time, exporter_address, ..settings };
        self.decoder = Decoder::new(settings, Limits::default(), self.columns.wanted());
        for partition in archive.partitions() {
            let mut reader = archive.reader(partition).map_err(failed)?;
            while self.position < self.most
                && let Some(item) = reader.next(Duration::ZERO).map_err(failed)?
            {
                match item {
                    Item::Record(_, record) => self.record(&record)?,
                    Item::End { time, .. } => {
                        self.decoder.tick(time);
                        self.resume()?;
                        self.show()?;
                    }
                    Item::Damaged(range) | Item::Missing(range) => {
                        let message = format!(
                            "`{name}`: partition {partition} cannot be read from {} to {}",
                            range.start, range.end
                        );
                        console::warning(&message, None);
                    }
                }
            }
        }
        Ok(())
    }

    /// Decodes a record of the journal, and prints its flows.
    fn record(&mut self, record: &Record<'_>) -> Result<(), Failure> {
        let source = source(record);
        let Content::Datagram(bytes) = record.content else {
            self.decoder.close(source);
            return Ok(());
        };
        let position = self.position;
        self.position += 1;
        let before = self.decoder.counters().waiting_sets;
        let datagram = Datagram { received: record.time, source, position, bytes };
        self.decoder.decode(&datagram, &mut self.columns, &mut self.observer);
        if self.decoder.counters().waiting_sets > before && self.kept < MOST_KEPT {
            self.kept += bytes.len();
            let packet = Packet {
                time: record.time,
                source: record.source,
                destination: record.source,
                payload: bytes.to_vec(),
            };
            self.waiting.insert(position, (source, packet));
        }
        self.resume()?;
        self.show()
    }
}

/// The datagrams parts of which wait, with their senders, by position.
pub(super) type Waiting = HashMap<u64, (Source, Packet)>;
