//! Up to when the aggregated tables have the flows of a partition: a time in a table of the database.
//!
//! Queries read the aggregated tables up to it and `flows` after it, so it is never later than a flow that is in `flows`
//! and not yet in the sums: before rows become visible that are earlier, it is set back. How late flows are is kept in mind,
//! so that this is rare.

use std::time::{Duration, Instant};

use flowql_client::native::Block;
use flowql_client::{Insert, RowBlock, Sql, query_id, sql};
use flowql_tables::REACH_TABLE;

use super::plan::Plan;

/// What is received within so many seconds may come into the queue in another order.
const MARGIN: u32 = 1;

/// It is told again after this long, so that who reads it knows that somebody is there.
const AGAIN: Duration = Duration::from_secs(60);

/// The reach of a partition.
#[derive(Debug)]
pub(crate) struct Reach {
    /// The seconds of the finest interval; `None` where nothing is summed up.
    interval: Option<u32>,
    /// What the table has, as far as is known.
    stored: Option<u32>,
    told: Option<Instant>,
    /// The earliest row that is not in the sums.
    oldest: Option<u32>,
    /// All before was read from the queue, in seconds since 1970.
    read: u32,
    /// How many seconds late flows were lately.
    late: u32,
    latest: u32,
}

impl Reach {
    pub(crate) fn new(plan: &Plan) -> Self {
        let interval = plan.sums.first().map(|sums| sums.interval.max(1));
        Self { interval, stored: None, told: None, oldest: None, read: 0, late: 0, latest: 0 }
    }

    /// Rows of these times are about to become visible before their sums. Gives what is to be stored before.
    pub(crate) fn lower(&mut self, oldest: u32) -> Option<u32> {
        let interval = self.interval?;
        if self.read > 0 {
            self.latest = self.latest.max(self.read.saturating_sub(oldest));
        }
        let oldest = self.see(oldest);
        let reach = oldest / interval * interval;
        self.stored.is_none_or(|stored| stored > reach).then_some(reach)
    }

    /// Rows of these times are visible and not in the sums. Gives the earliest of all.
    pub(crate) fn see(&mut self, oldest: u32) -> u32 {
        let oldest = self.oldest.map_or(oldest, |other| other.min(oldest));
        self.oldest = Some(oldest);
        oldest
    }

    /// All that was read by some time is in the sums. Gives what is to be stored now.
    pub(crate) fn raise(&mut self, read: u32) -> Option<u32> {
        let interval = self.interval?;
        if self.oldest.take().is_some() {
            self.late = self.latest.max(self.late / 2);
            self.latest = 0;
        }
        let reach = read.saturating_sub(MARGIN + self.late) / interval * interval;
        let is_silent = self.told.is_none_or(|told| told.elapsed() >= AGAIN);
        let reach = self.stored.map_or(reach, |stored| stored.max(reach));
        (is_silent || self.stored != Some(reach)).then_some(reach)
    }

    /// All before some time was read from the queue.
    pub(crate) fn read(&mut self, time: u32) {
        self.read = self.read.max(time);
    }

    /// The table has it.
    pub(crate) fn is_stored(&mut self, reach: u32) {
        self.stored = Some(reach);
        self.told = Some(Instant::now());
    }
}

/// The row of the table.
pub(crate) fn row(queue: &str, partition: u16, reach: u32, deadline: Duration) -> RowBlock {
    let mut block = Block::new(3, 1);
    block.few_texts("Queue", [queue].into_iter());
    block.fixed("Partition", "UInt16", [partition.to_le_bytes()].into_iter());
    block.fixed("Reach", "DateTime", [reach.to_le_bytes()].into_iter());
    let sql =
        sql!("INSERT INTO {table} (Queue, Partition, Reach) FORMAT Native", table = Sql::name(REACH_TABLE));
    let token = query_id("reach");
    RowBlock {
        insert: Insert { sql, data: block.into_bytes().into(), token, deadline: Some(deadline) },
        rows: 1,
    }
}

#[cfg(test)]
mod tests {
    use flowql::Schema;

    use super::*;

    fn reach() -> Reach {
        Reach { interval: Some(60), ..Reach::new(&plan()) }
    }

    fn plan() -> Plan {
        let flows = (flowql_tables::FLOWS_TABLE.to_owned(), flowql_tables::CatalogTable::default());
        let catalog = flowql_tables::Catalog { tables: [flows].into(), ..flowql_tables::Catalog::default() };
        Plan::new(&crate::CollectSection::default(), &Schema::default(), &catalog).unwrap()
    }

    #[test]
    fn it_is_never_later_than_a_row_that_is_not_in_the_sums() {
        let mut reach = reach();
        // What the table has is not known: it is said in any case.
        assert_eq!(reach.lower(610), Some(600));
        reach.is_stored(600);
        assert_eq!(reach.lower(605), None);
        assert_eq!(reach.lower(599), Some(540));
        reach.is_stored(540);
        assert_eq!(reach.lower(700), None);
        // A second more may come out of order.
        assert_eq!(reach.raise(660), Some(600));
        reach.is_stored(600);
        assert_eq!(reach.raise(661), Some(660));
        reach.is_stored(660);
        assert_eq!(reach.raise(662), None);
        assert_eq!(reach.lower(659), Some(600));
    }

    #[test]
    fn late_flows_are_kept_in_mind() {
        let mut reach = reach();
        reach.read(1000);
        assert_eq!(reach.lower(900), Some(900));
        reach.is_stored(900);
        assert_eq!(reach.raise(1021), None);
        assert_eq!(reach.raise(1061), Some(960));
        reach.is_stored(960);
        // Others that are not late halve it.
        reach.read(1060);
        assert_eq!(reach.lower(1060), None);
        assert_eq!(reach.raise(1071), Some(1020));
    }

    #[test]
    fn nothing_is_said_where_nothing_is_summed_up() {
        let mut reach = Reach::new(&plan());
        assert_eq!((reach.lower(600), reach.raise(1_000)), (None, None));
    }
}
