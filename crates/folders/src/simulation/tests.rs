//! The short simulation, and what longer ones have found: each script broke the rule that its name says.

use super::*;

/// Histories of every test run; the long ones are `cargo xtask simulate --seeds N`.
const SHORT: u64 = 2000;

/// Histories that long simulations have found; what each of them broke has a script of its own where it is known.
const KEPT: [u64; 2] = [404_947, 4_936_975];

#[test]
fn s1_to_s12_hold_in_every_short_history() {
    let mut simulator = Simulator::new();
    for seed in (0..SHORT).chain(KEPT) {
        if let Err(failure) = simulator.history(seed) {
            panic!("{failure}");
        }
    }
    let tally = simulator.tally;
    let all = [tally.kills, tally.recoveries, tally.power_losses, tally.refusals, tally.meanwhile];
    assert!(all.iter().all(|&number| number > 0), "{tally}");
}

#[test]
fn a_script_is_read_as_it_was_written() {
    let script = "pair mirror newest batch 3 closes shares one-sided
disk A resolution 2000000000 no-inodes no-births reuses-numbers
disk B resolution 1 tick 20000 no-exchange permissions
A write d/x 5 12
wait
run
  at call 7: EIO
  at write 3: full for 4
  at write 5: meanwhile B remove d, A touch d/x 77
  at write 9: power Loose 12
base lost
power Journal 3
";
    assert_eq!(story::Story::parse(script).unwrap().to_string(), script);
    assert_eq!(story::Story::parse("A wrote x").unwrap_err(), "A wrote x");
}

/// A script whose history must keep all rules by now.
#[track_caller]
fn holds(script: &str) {
    let replayed = replay(script).unwrap();
    assert_eq!(replayed.broken, None, "{}", replayed.trace.join("\n"));
}

#[test]
fn regression_s1_what_rests_on_a_refused_move_is_not_done_nor_recorded() {
    holds(
        "disk A no-births
        B mkdir c
        B write c/b 10 20
        run
        B chmod c/b 700
        A rename c/b e
        run
          at write 2: EINTR",
    );
}

#[test]
fn regression_s1_permissions_that_follow_a_refused_replacement_are_not_recorded() {
    holds(
        "B write a 2 6
        run
        A chmod a 750
        B write a 4 6
        run
          at call 31: meanwhile A chmod a 700",
    );
}

#[test]
fn regression_s1_an_unreadable_journal_is_no_licence_to_delete_what_was_being_replaced() {
    holds(
        "pair two-way a batch 3
        B link b 2 8
        A write b 3 6
        run
          at write 10: killed
        run
          at call 2: EINTR",
    );
}

#[test]
fn regression_s1_an_old_version_that_could_not_change_back_is_not_removed_as_a_temporary_file() {
    holds(
        "pair two-way ask batch 4
        A write b 3 20
        run
        B rename b d
        run
        B write d 7 20
        run
          at write 11: EINTR
          at write 12: EACCES",
    );
}

#[test]
fn regression_s2_half_made_things_are_found_when_the_list_of_them_is_lost_with_the_power() {
    holds(
        "A mkdir c
        run
          at write 5: power Loose 462373",
    );
}

#[test]
fn regression_s2_a_partial_file_that_cannot_be_removed_keeps_its_tree_from_being_shown() {
    holds(
        "A mkdir a
        A write a/a 4 6
        run
          at call 22: meanwhile A write a/a 6 20
          at write 6: EACCES",
    );
}

#[test]
fn regression_s3_a_copy_is_not_shown_before_its_source_is_durable() {
    holds(
        "A mkdir d
        A write e 7 12
        run
          at write 12: power Loose 463959",
    );
}

#[test]
fn regression_s3_an_edit_while_permissions_are_set_is_not_taken_for_agreed() {
    holds(
        "pair mirror ask batch 1000
        A write e 10 20
        run
        B chmod e 750
        run
          at write 2: meanwhile B write e 11 12",
    );
}

#[test]
fn regression_s4_other_names_of_a_removed_file_are_no_trouble() {
    holds(
        "pair mirror ask batch 1000
        B write c 3 6
        B share c e",
    );
}

#[test]
fn regression_s4_what_both_moved_is_settled_before_what_happens_beneath() {
    holds(
        "pair two-way keep-both batch 2
        disk B no-births
        A mkdir b
        A mkdir b/d
        A mkdir b/e
        run
        B remove b/e
        B rename b d
        run
          at write 4: EINTR
          at call 40: ENOSPC",
    );
}

#[test]
fn regression_s1_what_was_put_into_a_new_tree_that_is_taken_back_goes_to_the_trash() {
    holds(
        "pair two-way b batch 1000
        A write c 1 6
        B mkdir c
        run
          at write 8: EACCES
          at write 9: meanwhile A write c/e 5 12",
    );
}

#[test]
fn regression_s2_a_second_try_does_not_forget_what_the_first_could_not_remove() {
    holds(
        "B mkdir e
        B write e/c 7 12
        run
          at write 4: meanwhile B write e/c 8 6
          at write 5: EINTR",
    );
}

#[test]
fn regression_s1_nothing_is_removed_for_a_rename_that_the_power_may_take_back() {
    holds(
        "disk A resolution 2000000000
        disk B resolution 1000000
        A write b 1 7
        B write d 2 8
        A mkdir e
        run
        B rename b e/a
        run
          at call 6: EIO
          at call 27: power Loose 940676",
    );
}

#[test]
fn regression_s1_a_link_that_a_killed_run_displaced_is_in_the_trash_when_its_rename_is_taken_back() {
    holds(
        "pair two-way ask batch 1000 one-sided
        disk A resolution 1
        disk B resolution 1 no-births
        B link c 1 7
        B rename c d
        run
        B rename d b
        B mkdir d
        B mkdir d/a
        run
          at write 14: killed
        B swap b d",
    );
}

#[test]
fn regression_s1_a_file_that_a_killed_run_displaced_is_in_the_trash_when_another_rename_follows() {
    holds(
        "pair two-way ask batch 1000 one-sided
        disk A resolution 2000000000 no-births
        disk B resolution 1000000
        B write b 4 10
        B write d 5 11
        B rename b a
        run
        B swap a d
        B rename a e
        run
          at call 38: meanwhile B rename d b
          at write 15: killed",
    );
}

#[test]
fn regression_s1_a_name_that_both_moved_away_from_under_a_conflict_is_not_what_was_agreed() {
    holds(
        "pair two-way ask batch 1000
        disk A resolution 1
        disk B resolution 1
        B write c 2 6
        run
          at call 2: meanwhile A link d 4 7
        B rename d c
        B mkdir d
        A swap c d
        run
          at write 2: meanwhile B swap d c",
    );
}

#[test]
fn regression_s1_an_edit_with_the_time_of_an_hour_ago_is_none_to_anybody() {
    holds(
        "pair two-way ask batch 1000
        disk A resolution 1
        disk B resolution 1
        B write b 1 12
        B rename b e
        B replace e 2 6
        A mkdir c
        B write e 3 20
        run
        A rename e b
        A touch b 1734560000000054651
        wait
        run
          at call 4: meanwhile B write e 4 20, B touch e 1699996400000005000",
    );
}

#[test]
fn regression_s1_what_was_put_into_a_directory_that_was_taken_back_on_a_full_disk_goes_to_the_trash() {
    holds(
        "pair two-way a batch 1000 shares
        disk A resolution 1
        disk B resolution 1
        B link d 1 7
        A mkdir d
        B rename d a
        run
        B remove a
        run
          at call 5: meanwhile B rename d a
          at call 34: meanwhile A write a/e 5 12
          at call 35: full for 9",
    );
}
