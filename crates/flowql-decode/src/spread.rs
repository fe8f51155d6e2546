//! Long flows, shared out over the time that they took.

use crate::{Columns, Field, Fields};

/// Shares the bytes and packets of long flows out over bins of time, so that a graph shows when they were sent.
///
/// A flow becomes a row for each bin that it crosses, laid out backwards from its time: at most as many as it has packets,
/// at most 360, and none more than an hour back. The sums stay exact: the last row takes what does not divide.
#[derive(Debug)]
pub struct Spread {
    /// The length of a bin, in seconds.
    bin: u64,
    /// The rows before, whose memory is used again.
    before: Columns,
    /// The first of them that is not shared out yet.
    next: usize,
}

/// The most rows of a flow.
const MOST: u64 = 360;
/// How far back they reach, in seconds: older ones could fall into too many partitions of the tables.
const REACH: u64 = 3_600;

impl Spread {
    /// Bins of so many seconds, at least one.
    pub fn new(seconds: u32, wanted: Fields) -> Self {
        Self { bin: u64::from(seconds).max(1), before: Columns::new(wanted), next: 0 }
    }

    /// Takes all rows, to share them out. They are of a decoder whose [`Settings::spread`](crate::Settings::spread) is set, so
    /// that the times of flows are there.
    pub fn take(&mut self, columns: &mut Columns) {
        columns.settle();
        std::mem::swap(columns, &mut self.before);
        columns.clear();
        self.next = 0;
    }

    /// Adds rows until there are `most`, or up to 359 more: a flow is not cut. Whether some are left.
    pub fn fill(&mut self, columns: &mut Columns, most: usize) -> bool {
        while self.next < self.before.rows() && columns.rows() < most {
            self.share_out(self.next, columns);
            self.next += 1;
        }
        columns.settle();
        if self.next < self.before.rows() {
            return true;
        }
        self.before.clear();
        false
    }

    fn share_out(&self, row: usize, columns: &mut Columns) {
        let parts = self.parts(&self.before, row);
        let [time, bytes, packets] =
            [Field::TimeReceived, Field::Bytes, Field::Packets].map(|field| self.before.number(field, row));
        for part in 1..=parts {
            columns.copy(&self.before, row);
            let share = |sum: u64| if part == parts { sum - sum / parts * (parts - 1) } else { sum / parts };
            columns.set(Field::Bytes, 0, share(bytes));
            columns.set(Field::Packets, 0, share(packets));
            columns.set(Field::TimeReceived, 0, time.saturating_sub((parts - part) * self.bin));
            columns.advance(1);
        }
    }

    /// How many rows a flow becomes.
    fn parts(&self, columns: &Columns, row: usize) -> u64 {
        let [time, start, end, packets] =
            [Field::TimeReceived, Field::FlowStart, Field::FlowEnd, Field::Packets]
                .map(|field| columns.number(field, row));
        if start == 0 || end <= start {
            return 1;
        }
        let lasted = (end - start) / 1_000;
        let crossed = time / self.bin - time.saturating_sub(lasted) / self.bin + 1;
        crossed.min(packets).min(MOST).min(REACH / self.bin + 1).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fields, Row};

    fn row(lasted: u64, bytes: u64, packets: u64) -> Row {
        let time = 1_700_000_005;
        Row {
            time_received: time as u32,
            flow_start: time * 1_000 - lasted,
            flow_end: time * 1_000,
            dst_port: 53,
            mpls_labels: vec![7],
            bytes,
            packets,
            ..Row::default()
        }
    }

    /// Time, bytes and packets of each row.
    fn spread(rows: &[Row], bin: u32) -> Vec<(i64, u64, u64)> {
        let mut columns = Columns::new(Fields::all());
        rows.iter().for_each(|row| columns.push(row));
        let mut spread = Spread::new(bin, Fields::all());
        spread.take(&mut columns);
        // However few are wanted at once, the rows are the same.
        let mut wanted = 1;
        while spread.fill(&mut columns, wanted) {
            wanted = columns.rows() + 1;
        }
        let rows = (0..columns.rows()).map(|row| {
            assert_eq!(columns.number(Field::DstPort, row), 53);
            assert_eq!(columns.numbers(Field::MPLSLabels, row).collect::<Vec<_>>(), [7]);
            let value = |field| columns.number(field, row);
            (value(Field::TimeReceived) as i64 - 1_700_000_000, value(Field::Bytes), value(Field::Packets))
        });
        rows.collect()
    }

    #[test]
    fn a_long_flow_has_a_row_for_each_bin() {
        let times = |rows: &[(i64, u64, u64)]| rows.iter().map(|row| row.0).collect::<Vec<_>>();
        assert_eq!(spread(&[row(3_000, 100, 10)], 10), [(5, 100, 10)]);
        assert_eq!(spread(&[row(4_000, 101, 11)], 5), [(0, 50, 5), (5, 51, 6)]);
        assert_eq!(times(&spread(&[row(3_000, 100, 10)], 1)), [2, 3, 4, 5]);
    }

    #[test]
    fn sums_stay_exact_and_no_row_is_without_a_packet() {
        for (lasted, bytes, packets) in
            [(300_000, 12_345, 7), (90_000, 3, 1_000), (60_000, 0, 0), (8_000_000, 9, 999)]
        {
            let rows = spread(&[row(lasted, bytes, packets)], 1_000);
            let sums = rows.iter().fold((0, 0), |sums, row| (sums.0 + row.1, sums.1 + row.2));
            assert_eq!(sums, (bytes, packets));
            let rows = spread(&[row(lasted, bytes, packets), row(0, 5, 1)], 10);
            let sums = rows.iter().fold((0, 0), |sums, row| (sums.0 + row.1, sums.1 + row.2));
            assert_eq!(sums, (bytes + 5, packets + 1));
            assert!(packets == 0 || rows.iter().all(|row| row.2 > 0), "{rows:?}");
        }
    }

    #[test]
    fn rows_are_bounded() {
        let mut long = row(100_000_000, 1_000_000, 1_000_000);
        assert_eq!(spread(&[long.clone()], 1).len(), 360);
        long.time_received += 10_000;
        assert_eq!(spread(&[long], 60).len(), 61);
    }
}
