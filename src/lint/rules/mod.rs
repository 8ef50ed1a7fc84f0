//! All rules, one a file.

mod added_identity;
mod change_and_fill;
mod charset_conversion;
mod check_validates;
mod column_copy;
mod compressed_hypertable;
mod copy_algorithm;
mod create_if_not_exists;
mod data_between_ddl;
mod definer;
mod delete_all;
mod display_width;
mod drop_cascade;
mod drop_chunks;
mod drop_column;
mod drop_index_locks;
mod drop_schema;
mod drop_table;
mod enum_value_used;
mod explicit_lock;
mod extension_update;
mod foreign_key_checks_off;
mod foreign_key_copies;
mod foreign_key_to_hypertable;
mod foreign_key_validates;
mod foreign_key_without_index;
mod fulltext_locks;
mod grant_to_unknown;
mod hypertable_index_locks;
mod hypertable_key_without_time;
mod hypertable_migrates_data;
mod index_locks;
mod insert_without_columns;
mod instant_row_versions;
mod json_column;
mod key_builds_index;
mod missing_primary_key;
mod mixed_case_name;
mod mixed_engines;
mod name_too_long;
mod no_transactions;
mod nullability_rebuild;
mod partition_rebuild;
mod password_in_migration;
mod policy_in_migration;
mod prelude;
mod primary_key_change;
mod refresh_locks;
mod reindex_locks;
mod rename_in_use;
mod required_column;
mod reserved_word;
mod security_definer;
mod select_star_view;
mod serial_column;
mod server_setting;
mod set_not_null;
mod shared_lock;
mod stored_generated_column;
mod table_rebuild;
mod table_rewrite;
mod timestamp_without_zone;
mod truncate;
mod type_change;
mod unbounded_lock_wait;
mod update_all;
mod utf8mb3;
mod validate_at_once;
mod volatile_default;
mod zero_date;

use super::Rule;

/// In the order in which a line that breaks several tells them.
pub const RULES: [&Rule; 69] = [
    &added_identity::RULE,
    &change_and_fill::RULE,
    &charset_conversion::RULE,
    &check_validates::RULE,
    &column_copy::RULE,
    &compressed_hypertable::RULE,
    &copy_algorithm::RULE,
    &create_if_not_exists::RULE,
    &data_between_ddl::RULE,
    &definer::RULE,
    &delete_all::RULE,
    &display_width::RULE,
    &drop_cascade::RULE,
    &drop_chunks::RULE,
    &drop_column::RULE,
    &drop_index_locks::RULE,
    &drop_schema::RULE,
    &drop_table::RULE,
    &enum_value_used::RULE,
    &explicit_lock::RULE,
    &extension_update::RULE,
    &foreign_key_checks_off::RULE,
    &foreign_key_copies::RULE,
    &foreign_key_to_hypertable::RULE,
    &foreign_key_validates::RULE,
    &foreign_key_without_index::RULE,
    &fulltext_locks::RULE,
    &grant_to_unknown::RULE,
    &hypertable_index_locks::RULE,
    &hypertable_key_without_time::RULE,
    &hypertable_migrates_data::RULE,
    &index_locks::RULE,
    &insert_without_columns::RULE,
    &instant_row_versions::RULE,
    &json_column::RULE,
    &key_builds_index::RULE,
    &missing_primary_key::RULE,
    &mixed_case_name::RULE,
    &mixed_engines::RULE,
    &name_too_long::RULE,
    &no_transactions::RULE,
    &nullability_rebuild::RULE,
    &partition_rebuild::RULE,
    &password_in_migration::RULE,
    &policy_in_migration::RULE,
    &primary_key_change::RULE,
    &refresh_locks::RULE,
    &reindex_locks::RULE,
    &rename_in_use::RULE,
    &required_column::RULE,
    &reserved_word::RULE,
    &security_definer::RULE,
    &select_star_view::RULE,
    &serial_column::RULE,
    &server_setting::RULE,
    &set_not_null::RULE,
    &shared_lock::RULE,
    &stored_generated_column::RULE,
    &table_rebuild::RULE,
    &table_rewrite::RULE,
    &timestamp_without_zone::RULE,
    &truncate::RULE,
    &type_change::RULE,
    &unbounded_lock_wait::RULE,
    &update_all::RULE,
    &utf8mb3::RULE,
    &validate_at_once::RULE,
    &volatile_default::RULE,
    &zero_date::RULE,
];
